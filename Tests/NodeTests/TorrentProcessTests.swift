import Foundation
import Testing

extension NodeTests {
  /// The torrent's nodes as processes, asked with curl as anybody would.
  @Suite struct TorrentProcessTests {
    /// `STATUS BODY` of a request; curl's own complaint where there is no answer.
    private func curl(_ port: UInt16, _ path: String, _ arguments: String...) throws -> String {
      let (process, output) = (Process(), Pipe())
      process.executableURL = URL(filePath: "/usr/bin/env")
      process.arguments =
        ["curl", "--silent", "--show-error", "--max-time", "20", "--write-out", "\n%{http_code}"]
        + arguments + ["http://127.0.0.1:\(port)\(path)"]
      process.standardOutput = output
      process.standardError = output
      try process.run()
      let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      let text = String(decoding: bytes, as: UTF8.self)
      guard let end = text.lastIndex(of: "\n") else { return text }
      return "\(text[text.index(after: end)...]) \(text[..<end])"
    }

    private func seeder(_ tracker: UInt16, in folder: URL) throws -> NodeProcess {
      try NodeProcess(
        "torrent-client",
        [
          "--tracker", "127.0.0.1:\(tracker)", "--data", folder.path, "--complete", "true",
          "--size", "100000",
        ])
    }

    @Test("every endpoint answers curl as the original does")
    func endpoints() throws {
      let tracker = try NodeProcess("torrent-tracker")
      let port = try tracker.port()
      #expect(try curl(port, "/dht") == "200 []")
      #expect(try curl(port, "/nope") == "404 404 Not Found.")
      let owner = #"{"client_host":"127.0.0.1","client_port":9,"hashes":["feed01"]}"#
      #expect(try curl(port, "/chunk", "-X", "PUT", "-d", owner) == "200 Ok")
      #expect(
        try curl(port, "/chunk", "-d", #"["feed01"]"#)
          == #"200 [{"client_host": "127.0.0.1", "client_port": 9, "hash_list": ["feed01"]}]"#)
      #expect(try curl(port, "/chunk", "-X", "DELETE").hasPrefix("501 <!DOCTYPE HTML>"))
      #expect(try curl(port, "/dht", "-d", "{bad").hasPrefix("400 Could not parse dht request. "))

      let folder = try NodeProcess.makeFolder()
      defer { try? FileManager.default.removeItem(at: folder) }
      let client = try seeder(port, in: folder)
      _ = try client.event("download.completed")
      let own = try client.port()
      #expect(try curl(own, "/ping") == "200 pong")
      #expect(try curl(own, "/other") == "404 404 Not Found.")
      #expect(try curl(own, "/chunk", "-X", "PUT", "-d", "[]").hasPrefix("501 "))
      for (body, answer) in [
        (#"["deadbeef"]"#, "400 Bad Request: Invalid request. I dont have your chunks :("),
        (#"{"a":1}"#, "400 Bad Request: Invalid request body"),
        ("[1]", "400 Bad Request: Invalid request body"),
      ] {
        #expect(try curl(own, "/chunk", "-d", body) == "400 \(answer)")
      }

      let metrics = try NodeProcess("torrent-metrics")
      #expect(try curl(metrics.port(), "/metrics").hasPrefix("200 []"))
      #expect(try curl(metrics.port(), "/").hasPrefix("200 <!doctype html>"))
    }

    @Test("what a client gives is the file's bytes, as JSON and as they are")
    func chunks() throws {
      let tracker = try NodeProcess("torrent-tracker")
      let folder = try NodeProcess.makeFolder()
      defer { try? FileManager.default.removeItem(at: folder) }
      let client = try seeder(tracker.port(), in: folder)
      _ = try client.event("download.completed")
      let file = try Data(contentsOf: folder.appending(path: "file.bin"))
      #expect(file.count == 100_000)
      let torrent = folder.appending(path: "made.json")
      try torrentify(folder.appending(path: "file.bin"), "127.0.0.1:1", to: torrent)
      let made = try #require(
        JSONSerialization.jsonObject(with: Data(contentsOf: torrent)) as? [String: Any])
      let hashes = try #require(made["chunks"] as? [[String: Any]]).compactMap {
        $0["hash"] as? String
      }
      #expect(hashes.count == 7 && made["chunkSize"] as? Int == 16_384)

      let list = "[\(hashes.map { "\"\($0)\"" }.joined(separator: ","))]"
      let answer = try curl(try client.port(), "/chunk", "-d", list)
      #expect(answer.hasPrefix("200 "))
      let parts = try #require(
        JSONSerialization.jsonObject(with: Data(answer.dropFirst(4).utf8)) as? [[String: String]])
      #expect(parts.map { $0["hash"] } == hashes)
      #expect(
        parts.reduce(Data()) { $0 + (Data(base64Encoded: $1["content"] ?? "") ?? Data()) } == file)

      let raw = folder.appending(path: "raw").path
      _ = try curl(
        try client.port(), "/chunk", "-H", "Accept: application/octet-stream", "-o", raw, "-d",
        "[\"\(hashes[6])\"]")
      #expect(try Data(contentsOf: URL(filePath: raw)) == file.suffix(100_000 - 6 * 16_384))
    }

    @Test("a file is fetched from a torrent, and a client that is killed goes on where it was")
    func download() throws {
      let tracker = try NodeProcess("torrent-tracker")
      let folders = try (0..<2).map { _ in try NodeProcess.makeFolder() }
      defer { for folder in folders { try? FileManager.default.removeItem(at: folder) } }
      let file = folders[0].appending(path: "some file.bin")
      let bytes = Data((0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 251) })
      try bytes.write(to: file)
      let torrent = folders[0].appending(path: "torrent.json")
      try torrentify(file, "127.0.0.1:\(tracker.port())", to: torrent)
      try FileManager.default.copyItem(at: torrent, to: folders[1].appending(path: "torrent.json"))

      func start(_ folder: URL, _ options: String...) throws -> NodeProcess {
        try NodeProcess(
          "torrent-client", ["--torrent", "torrent.json", "--data", folder.path] + options)
      }
      let seeder = try start(folders[0])
      _ = try seeder.event("download.completed")
      var fetcher = try start(folders[1], "--pace", "20ms")
      _ = try fetcher.event("chunk.received") { ($0["n"] as? Int ?? 0) > 12 }
      fetcher.signal(SIGKILL)
      _ = try fetcher.end()
      let received = fetcher.lines().count { $0["kind"] as? String == "chunk.received" }
      fetcher = try start(folders[1])
      let held = try fetcher.event("download.started")["held"] as? Int ?? 0
      #expect(held >= received && held > 0 && held < 62)
      let completed = try fetcher.event("download.completed")
      #expect(
        completed["hash"] as? String == (try fetcher.event("download.started")["hash"] as? String))
      #expect(try Data(contentsOf: folders[1].appending(path: "some file.bin")) == bytes)
    }

    @Test("a torrent that points outside the folder is refused, and nothing is written")
    func hostile() throws {
      let folder = try NodeProcess.makeFolder()
      defer { try? FileManager.default.removeItem(at: folder) }
      let text = """
        {"fileName": "../stolen", "chunkSize": 16384, "trackerUrl": "127.0.0.1:1", "fileSize": 1,
        "fileHash": "\(String(repeating: "0", count: 40))",
        "chunks": [{"orderNumber": 0, "hash": "\(String(repeating: "0", count: 40))"}]}
        """
      try text.write(to: folder.appending(path: "torrent.json"), atomically: true, encoding: .utf8)
      let client = try NodeProcess(
        "torrent-client", ["--torrent", "torrent.json", "--data", folder.path])
      let reason = try client.event("torrent.refused")["reason"] as? String
      #expect(reason?.contains("'../stolen'") == true)
      #expect(client.isRunning)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["torrent.json"])
    }

    @Test("a tracker survives what is thrown at it")
    func floods() throws {
      let tracker = try NodeProcess("torrent-tracker")
      let port = try tracker.port()
      let answer = try curl(
        port, "/chunk", "-X", "PUT", "-H", "Content-Length: 1073741824", "-d", "x")
      #expect(answer.contains("413"))
      let garbage = try Connection(port: port)
      garbage.write([UInt8](repeating: 0xFF, count: 100_000))
      #expect(String(decoding: try garbage.readToEnd(), as: UTF8.self).hasPrefix("HTTP/1.1 400 "))
      #expect(try curl(port, "/dht") == "200 []")
    }

    private func torrentify(_ file: URL, _ tracker: String, to torrent: URL) throws {
      let process = Process()
      process.executableURL = NodeProcess.executable.deletingLastPathComponent()
        .appending(path: "seedbed")
      process.arguments = ["torrentify", file.path, tracker, "--output", torrent.path]
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
    }
  }
}
