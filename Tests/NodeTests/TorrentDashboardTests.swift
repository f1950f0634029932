import Foundation
import Testing

extension NodeTests {
  /// The metrics server's page in a real browser, with real clients that report to the server.
  @Suite(
    .enabled(if: Browser.obstacle == nil, "\(Browser.obstacle ?? "")"), .timeLimit(.minutes(2)))
  struct TorrentDashboardTests {
    /// A tracker, a seeder with the DHT, and a client that fetches its 128 chunks slowly.
    private final class Network {
      let tracker: NodeProcess
      let metrics: NodeProcess
      let seeder: NodeProcess
      let client: NodeProcess
      private let folders: [URL]

      init() throws {
        folders = try (0..<2).map { _ in try NodeProcess.makeFolder() }
        tracker = try NodeProcess("torrent-tracker")
        metrics = try NodeProcess("torrent-metrics")
        let shared = try [
          "--metrics", "127.0.0.1:\(metrics.port())", "--metrics-interval", "100ms", "--tracker",
          "127.0.0.1:\(tracker.port())", "--size", "2097152",
        ]
        func client(_ folder: URL, _ options: String...) throws -> NodeProcess {
          try NodeProcess("torrent-client", shared + ["--data", folder.path] + options)
        }
        seeder = try client(folders[0], "--complete", "true", "--dht", "true")
        self.client = try client(folders[1], "--pace", "150ms")
        _ = try self.client.event("chunk.received")
      }

      deinit { for folder in folders { try? FileManager.default.removeItem(at: folder) } }
    }

    /// A card's line, as text, of the client at a port.
    private func line(_ name: String, of port: UInt16, in browser: Browser) throws -> String? {
      try browser.evaluate(
        """
        [...document.querySelectorAll("article")]
          .filter(a => a.querySelector("h2").textContent.includes(":\(port)"))
          .flatMap(a => [...a.querySelectorAll("dt")])
          .filter(d => d.textContent === "\(name)").map(d => d.nextSibling.textContent)[0]
        """) as? String
    }

    /// Of `12 of 128`.
    private func chunks(of port: UInt16, in browser: Browser) throws -> Int? {
      try line("Chunks", of: port, in: browser)?.split(separator: " ").first.flatMap { Int($0) }
    }

    private func choose(_ interval: String, in browser: Browser) throws {
      _ = try browser.evaluate(
        """
        document.getElementById("interval").value = "\(interval)";
        document.getElementById("interval").dispatchEvent(new Event("change"));
        """)
    }

    @Test(
      "cards show how each client gets on, and change while a file is fetched, as often as chosen")
    func live() throws {
      let network = try Network()
      let (metrics, seeder, client) = try (
        network.metrics.port(), network.seeder.port(), network.client.port()
      )
      let browser = try Browser(opening: "http://127.0.0.1:\(metrics)/")
      let first = try Deadline.poll("the client's card") { try chunks(of: client, in: browser) }
      #expect(try line("Chunks", of: seeder, in: browser) == "128 of 128")
      #expect(try line("Downloaded", of: seeder, in: browser) == "2 MiB of 2 MiB")
      #expect(try line("DHT", of: seeder, in: browser) == "0 contacts")
      #expect(try line("DHT", of: client, in: browser) == "off")
      // Said in words, not in colours.
      #expect(try line("Tracker", of: client, in: browser) == "up")
      let text = try browser.evaluate("document.body.innerText") as? String ?? ""
      #expect(text.contains("✓ complete") && text.contains(" %") && text.contains("2 clients"))

      try choose("1000", in: browser)
      _ = try Deadline.poll("further chunks") {
        try chunks(of: client, in: browser).flatMap { $0 > first + 2 ? $0 : nil }
      }
      // Never: the server knows more and the page stays as it is.
      try choose("0", in: browser)
      let requests = "performance.getEntriesByType('resource').length"
      let asked = try browser.evaluate(requests) as? Int
      let shown = try chunks(of: client, in: browser)
      _ = try Deadline.poll("a server that knows more") {
        network.client.lines().count { $0["kind"] as? String == "chunk.received" }
          > (shown ?? 0) + 8 ? true : nil
      }
      #expect(try chunks(of: client, in: browser) ?? 0 <= (shown ?? 0) + 2)
      #expect(try browser.evaluate(requests) as? Int ?? 0 <= (asked ?? 0) + 1)

      try choose("1000", in: browser)
      network.tracker.signal(SIGKILL)
      _ = try Deadline.poll("a tracker that is down") {
        try line("Tracker", of: client, in: browser) == "✗ down" ? true : nil
      }
      network.metrics.signal(SIGKILL)
      _ = try Deadline.poll("a server that is gone") {
        let text = try browser.evaluate("document.body.innerText") as? String
        return text?.contains("✗ The metrics server does not answer.") == true ? true : nil
      }
    }

    /// What stands out too little from its background, by the contrast that WCAG 2 asks of text (4.5).
    private static let faint = """
      (() => {
        const light = colour => {
          const part = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
          const [r, g, b] = colour.match(/[0-9.]+/g).map(Number).map(part);
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const back = e => {
          for (; e; e = e.parentElement) {
            const colour = getComputedStyle(e).backgroundColor;
            if (!/, 0\\)$/.test(colour) && colour !== "transparent") return colour;
          }
          return "rgb(255, 255, 255)";
        };
        return [...document.querySelectorAll("h1, p, label, select, h2, h2 span, dt, dd")]
          .map(e => [light(getComputedStyle(e).color), light(back(e)), e.textContent])
          .map(([a, b, text]) => [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), text])
          .filter(([contrast]) => contrast < 4.5).map(([c, text]) => text + ": " + c).join("; ");
      })()
      """

    @Test("the page fits a phone, follows dark and light, is legible in both, and asks nobody else")
    func looks() throws {
      let network = try Network()
      let metrics = try network.metrics.port()
      let browser = try Browser(opening: "http://127.0.0.1:\(metrics)/")
      _ = try Deadline.poll("both cards") {
        try browser.evaluate("document.querySelectorAll('article').length") as? Int == 2
          ? true : nil
      }
      var backgrounds: [String?] = []
      for scheme in ["light", "dark"] {
        try browser.tell(
          "Emulation.setEmulatedMedia",
          ["features": [["name": "prefers-color-scheme", "value": scheme]]])
        backgrounds.append(
          try browser.evaluate("getComputedStyle(document.body).backgroundColor") as? String)
        #expect(try browser.evaluate(Self.faint) as? String == "", "\(scheme)")
      }
      #expect(backgrounds[0] != backgrounds[1])

      for width in [320, 360, 1_200] {
        try browser.tell(
          "Emulation.setDeviceMetricsOverride",
          ["width": width, "height": 740, "deviceScaleFactor": 1, "mobile": width < 500])
        let widest =
          try browser.evaluate(
            "Math.max(...[...document.querySelectorAll('*')].map(e => e.getBoundingClientRect().right))"
          ) as? Double ?? .infinity
        #expect(widest <= Double(width), "\(width) pixels")
        let rows =
          try browser.evaluate(
            "new Set([...document.querySelectorAll('article')].map(a => a.offsetTop)).size") as? Int
        #expect(rows == (width < 500 ? 2 : 1), "one card beside the other where there is room")
      }
      let hosts = try browser.evaluate(
        """
        [...new Set(performance.getEntriesByType("resource").map(e => new URL(e.name).host))].join()
        """)
      #expect(hosts as? String == "127.0.0.1:\(metrics)")
    }

    @Test("a client that reports a name with markup in it is shown as text, or not at all")
    func markup() throws {
      let metrics = try NodeProcess("torrent-metrics")
      let port = try metrics.port()
      for name in ["<img/src=x/onerror=document.title='stolen'>", "&lt;b&gt;"] {
        _ = try TorrentTools.curl(
          port, "/metrics", "-H", "Content-Type: application/json", "-d",
          """
          {"client_host":"\(name)","client_port":1,"downloaded_chunks":-1,\
          "uploaded_chunks":9223372036854775807,"total_chunks":0,"chunk_size":-4,"dht_peers":0,\
          "dht_enabled":true,"tracker_status_up":true}
          """)
      }
      let browser = try Browser(opening: "http://127.0.0.1:\(port)/")
      _ = try Deadline.poll("the page's first answer") {
        let text =
          try browser.evaluate("document.getElementById('summary')?.textContent") as? String
        return text.map { $0.contains("Asking") ? nil : true } ?? nil
      }
      #expect(try browser.evaluate("document.title") as? String == "Torrent clients")
      #expect(
        try browser.evaluate("document.querySelectorAll('main img, main b').length") as? Int == 0)
    }
  }
}
