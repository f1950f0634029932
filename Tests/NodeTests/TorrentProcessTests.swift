import Foundation
import Participants
import Testing

extension NodeTests {
  /// The torrent's nodes as processes, asked with curl as anybody would.
  @Suite struct TorrentProcessTests {
    /// A request as curl is told it, and `STATUS BODY` of its answer.
    private typealias Exchange = (path: String, arguments: [String], answer: String)

    private func expect(_ exchanges: [Exchange], of port: UInt16) throws {
      for (path, arguments, answer) in exchanges {
        let heard = try TorrentTools.curl(port, path, arguments)
        #expect(heard == answer, "\(path) \(arguments)")
      }
    }

    /// What Python's http.server says to a method that it does not know.
    private static func unsupported(_ method: String) -> String {
      """
      501 <!DOCTYPE HTML>
      <html lang="en">
          <head>
              <meta charset="utf-8">
              <title>Error response</title>
          </head>
          <body>
              <h1>Error response</h1>
              <p>Error code: 501</p>
              <p>Message: Unsupported method ('\(method)').</p>
              <p>Error code explanation: 501 - Server does not support this operation.</p>
          </body>
      </html>

      """
    }

    @Test("a tracker answers curl as the original does, byte for byte")
    func trackerEndpoints() throws {
      let tracker = try NodeProcess("torrent-tracker")
      let owner = #"{"client_host":"127.0.0.1","client_port":9,"hashes":["feed01"]}"#
      try expect(
        [
          ("/dht", [], "200 []"), ("/chunk", [], "404 404 Not Found."),
          ("/nope", [], "404 404 Not Found."),
          (
            "/chunk", ["-d", #"["deadbeef"]"#],
            "400 Could not parse chunk request. Chunk (deadbeef) is not tracked by the tracker"
          ),
          ("/chunk", ["-d", "[]"], "200 []"),
          (
            "/chunk", ["-X", "PUT", "-d", #"{"client_host":"127.0.0.1"}"#],
            "400 Error passing from request body 'hashes'"
          ),
          ("/chunk", ["-X", "PUT", "-d", owner], "200 Ok"),
          (
            "/chunk", ["-d", #"["feed01"]"#],
            #"200 [{"client_host": "127.0.0.1", "client_port": 9, "hash_list": ["feed01"]}]"#
          ),
          ("/chunk", ["-X", "DELETE"], Self.unsupported("DELETE")),
          ("/dht", ["-d", #"{"host":"127.0.0.1","port":8468}"#], "200 Ok"),
          (
            "/dht", ["-d", #"{"host":"127.0.0.1"}"#],
            "400 Could not parse dht request. 'port'"
          ), ("/dht", [], #"200 [{"host": "127.0.0.1", "port": 8468}]"#),
        ], of: tracker.port())
      // What a JSON reader says of a body that is no JSON is its own.
      let port = try tracker.port()
      for (path, method, words) in [
        ("/chunk", "POST", "Could not parse chunk request. "),
        ("/chunk", "PUT", "Error passing from request body "),
        ("/dht", "POST", "Could not parse dht request. "),
      ] {
        let answer = try TorrentTools.curl(port, path, "-X", method, "-d", "{bad")
        #expect(answer.hasPrefix("400 \(words)"), "\(answer)")
      }
      let page = try TorrentTools.curl(port, "/chunk", "-i", "-X", "DELETE")
      #expect(page.contains("HTTP/1.1 501 Unsupported method ('DELETE')\r\n"))
      #expect(page.contains("\r\nContent-Length: 359\r\n"))
    }

    @Test("a client answers curl as the original does, byte for byte")
    func clientEndpoints() throws {
      let tracker = try NodeProcess("torrent-tracker")
      let folder = try NodeProcess.makeFolder()
      defer { try? FileManager.default.removeItem(at: folder) }
      let client = try TorrentTools.seeder(tracker.port(), in: folder)
      _ = try client.event("download.completed")
      let without = "400 400 Bad Request: Invalid request. I dont have your chunks :("
      let invalid = "400 400 Bad Request: Invalid request body"
      try expect(
        [
          ("/ping", [], "200 pong"), ("/other", [], "404 404 Not Found."),
          ("/chunk", [], "404 404 Not Found."), ("/chunk", ["-d", "[]"], "200 []"),
          ("/chunk", ["-d", #"["deadbeef"]"#], without), ("/chunk", ["-d", #"{"a":1}"#], invalid),
          ("/chunk", ["-d", "[1]"], invalid), ("/chunk", ["-d", "{bad"], invalid),
          ("/chunk", ["-X", "PUT", "-d", "[]"], Self.unsupported("PUT")),
        ], of: client.port())
    }

    @Test("a metrics server answers curl as the original does, byte for byte")
    func metricsEndpoints() throws {
      let metrics = try NodeProcess("torrent-metrics")
      let report = """
        {"client_host":"127.0.0.1","client_port":1,"downloaded_chunks":1,"uploaded_chunks":2,\
        "total_chunks":3,"chunk_size":4,"dht_peers":0,"dht_enabled":true,"tracker_status_up":true}
        """
      let listed = """
        200 [{"chunk_size":4,"client":"127.0.0.1:1","dht_enabled":true,"dht_peers":0,\
        "downloaded_chunks":1,"total_chunks":3,"tracker_status_up":true,"uploaded_chunks":2}]

        """
      try expect(
        [
          ("/metrics", [], "200 []\n"),
          ("/metrics", ["-H", "Content-Type: application/json", "-d", report], "200 Ok"),
          ("/metrics", [], listed),
        ], of: metrics.port())
      let port = try metrics.port()
      #expect(try TorrentTools.curl(port, "/metrics", "-d", "x").hasPrefix("415 "))
      #expect(try TorrentTools.curl(port, "/").hasPrefix("200 <!doctype html>"))
    }

    @Test("what a client gives is the file's bytes, as JSON and as they are")
    func chunks() throws {
      let tracker = try NodeProcess("torrent-tracker")
      let folder = try NodeProcess.makeFolder()
      defer { try? FileManager.default.removeItem(at: folder) }
      let client = try TorrentTools.seeder(tracker.port(), in: folder)
      _ = try client.event("download.completed")
      let file = try Data(contentsOf: folder.appending(path: "file.bin"))
      #expect(file.count == 100_000)
      let torrent = folder.appending(path: "made.json")
      try TorrentTools.torrentify(folder.appending(path: "file.bin"), "127.0.0.1:1", to: torrent)
      let made = try #require(
        JSONSerialization.jsonObject(with: Data(contentsOf: torrent)) as? [String: Any])
      let hashes = try #require(made["chunks"] as? [[String: Any]]).compactMap {
        $0["hash"] as? String
      }
      #expect(hashes.count == 7 && made["chunkSize"] as? Int == 16_384)

      let list = "[\(hashes.map { "\"\($0)\"" }.joined(separator: ","))]"
      let answer = try TorrentTools.curl(try client.port(), "/chunk", "-d", list)
      #expect(answer.hasPrefix("200 "))
      let parts = try #require(
        JSONSerialization.jsonObject(with: Data(answer.dropFirst(4).utf8)) as? [[String: String]])
      #expect(
        parts.reduce(Data()) { $0 + (Data(base64Encoded: $1["content"] ?? "") ?? Data()) } == file)
      let spaced = hashes.enumerated().map { number, hash in
        let chunk = file[(number * 16_384)..<min(file.count, (number + 1) * 16_384)]
        return #"{"hash": "\#(hash)", "content": "\#(chunk.base64EncodedString())"}"#
      }
      #expect(answer == "200 [\(spaced.joined(separator: ", "))]", "byte for byte")

      let raw = folder.appending(path: "raw").path
      _ = try TorrentTools.curl(
        try client.port(), "/chunk", "-H", "Accept: application/octet-stream", "-o", raw, "-d",
        "[\"\(hashes[6])\"]")
      #expect(try Data(contentsOf: URL(filePath: raw)) == file.suffix(100_000 - 6 * 16_384))
    }

    @Test("a client that is killed at twenty random moments goes on with what is on its disk")
    func resumes() throws {
      let tracker = try NodeProcess("torrent-tracker")
      let folders = try (0..<2).map { _ in try NodeProcess.makeFolder() }
      defer { for folder in folders { try? FileManager.default.removeItem(at: folder) } }
      let file = folders[0].appending(path: "some file.bin")
      let bytes = Data((0..<3_200_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 251) })
      let chunks = 196
      try bytes.write(to: file)
      let torrent = folders[0].appending(path: "torrent.json")
      try TorrentTools.torrentify(file, "127.0.0.1:\(tracker.port())", to: torrent)
      try FileManager.default.copyItem(at: torrent, to: folders[1].appending(path: "torrent.json"))
      let seeder = try TorrentTools.client(folders[0])
      _ = try seeder.event("download.completed")

      var random = SeededGenerator(seed: 20)
      var received: [Int] = []
      var held = 0
      for life in 1...20 {
        let fetcher = try TorrentTools.client(folders[1], "--pace", "20ms")
        // None: it is killed while it looks at what it has.
        let more = Int.random(in: 0...4, using: &random)
        _ = try Deadline.poll("\(more) chunks in life \(life)") {
          let kinds = fetcher.lines().map { $0["kind"] as? String }
          return kinds.contains("node.ready")
            && kinds.count { $0 == "chunk.received" } >= more ? true : nil
        }
        fetcher.signal(SIGKILL)
        _ = try fetcher.end()
        if let begun = fetcher.lines().first(where: { $0["kind"] as? String == "download.started" })
        {
          held = try #require(begun["held"] as? Int)
          // What was said to be there is; what was being written then may be, too.
          #expect((received.count..<chunks).contains(held), "life \(life)")
        }
        received += Self.received(by: fetcher)
        #expect(!fetcher.lines().contains { $0["kind"] as? String == "download.completed" })
      }
      let last = try TorrentTools.client(folders[1])
      let completed = try last.event("download.completed")
      let started = try last.event("download.started")
      #expect(completed["hash"] as? String == started["hash"] as? String)
      #expect(try #require(started["held"] as? Int) >= received.count)
      received += Self.received(by: last)
      #expect(Set(received).count == received.count, "no chunk was fetched twice")
      #expect(try Data(contentsOf: folders[1].appending(path: "some file.bin")) == bytes)
    }

    private static func received(by client: NodeProcess) -> [Int] {
      client.lines().filter { $0["kind"] as? String == "chunk.received" }
        .compactMap { $0["chunk"] as? Int }
    }
  }
}
