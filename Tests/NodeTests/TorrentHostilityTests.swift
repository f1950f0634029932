import Foundation
import Testing

extension NodeTests {
  /// What strangers may do to the torrent's nodes, done to real processes.
  @Suite struct TorrentHostilityTests {
    private static let zeros = String(repeating: "0", count: 40)

    private static func torrent(
      name: String = "f", chunkSize: String = "16384", size: String = "1",
      fileHash: String = zeros, chunks: String? = nil
    ) -> String {
      """
      {"fileName": "\(name)", "chunkSize": \(chunkSize), "trackerUrl": "127.0.0.1:1",
      "fileSize": \(size), "fileHash": "\(fileHash)",
      "chunks": \(chunks ?? "[{\"orderNumber\": 0, \"hash\": \"\(zeros)\"}]")}
      """
    }

    private static let million: String = {
      let entries = (0..<1_000_000).map { #"{"orderNumber": \#($0), "hash": "\#(zeros)"}"# }
      return "[\(entries.joined(separator: ","))]"
    }()

    /// A torrent that would do harm, and what is said of it. A test runner shows what it is, not all of
    /// its megabytes.
    struct Harm: CustomTestStringConvertible {
      var testDescription: String
      var text: String
      var complaint: String

      init(_ what: String, _ text: String, _ complaint: String) {
        (testDescription, self.text, self.complaint) = (what, text, complaint)
      }
    }

    @Test(
      "a torrent that would do harm is refused with what is wrong, and nothing is written",
      arguments: [
        Harm("../stolen", torrent(name: "../stolen"), "'../stolen'"),
        Harm("absolute", torrent(name: "/etc/passwd"), "'/etc/passwd'"),
        Harm("empty", torrent(name: ""), "fileName is ''"),
        Harm("..", torrent(name: ".."), "fileName is '..'"),
        Harm("hidden separator", torrent(name: "a\\u002f..\\u002fb"), "fileName is 'a/../b'"),
        Harm("10 MB name", torrent(name: String(repeating: "a", count: 10_000_000)), "longer than"),
        Harm(
          "4 MB name", torrent(name: String(repeating: "a", count: 4_000_000)), "fileName is 'aaa"),
        Harm("huge", torrent(size: "9223372036854775807"), "expected 562949953421312"),
        Harm("larger than numbers", torrent(size: "1e300"), "fileSize"),
        Harm("negative", torrent(size: "-1"), "fileSize"),
        Harm("chunks of nothing", torrent(chunkSize: "0"), "chunkSize is 0"),
        Harm("chunks that fill memory", torrent(chunkSize: "1099511627776"), "chunkSize is 1099"),
        Harm("no hash", torrent(fileHash: "zz"), "fileHash is 'zz'"),
        Harm("a million chunks", torrent(size: "16384000000", chunks: million), "longer than"),
        Harm("no JSON", "[[[[", "no JSON"), Harm("nothing", "", "no JSON"),
        Harm("nested", String(repeating: "[", count: 1_000_000), "nested too deep"),
      ])
    func torrents(harm: Harm) throws {
      let folder = try NodeProcess.makeFolder()
      defer { try? FileManager.default.removeItem(at: folder) }
      try harm.text.write(
        to: folder.appending(path: "torrent.json"), atomically: false, encoding: .utf8)
      let client = try TorrentTools.client(folder)
      let reason = try client.event("torrent.refused")["reason"] as? String ?? ""
      #expect(
        reason.contains(harm.complaint) && reason.utf8.count < 400, "\(reason.prefix(400))")
      let (code, errors) = try client.end()
      #expect(code == 64 && errors.contains(harm.complaint), "\(errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["torrent.json"])
    }

    @Test(
      "a torrent that is not in the client's folder is not looked for elsewhere",
      arguments: [
        ("../torrent.json", "'../torrent.json' is no plain name"),
        ("absent.json", "absent.json: No such file or directory"),
      ])
    func torrentName(name: String, complaint: String) throws {
      let folder = try NodeProcess.makeFolder()
      defer { try? FileManager.default.removeItem(at: folder) }
      let client = try NodeProcess("torrent-client", ["--torrent", name, "--data", folder.path])
      let reason = try client.event("torrent.refused")["reason"] as? String ?? ""
      #expect(reason.hasPrefix(complaint), "\(reason)")
    }

    @Test("a file whose hash is not the torrent's is told apart, and a chunk's is never taken")
    func wrongHashes() throws {
      let tracker = try NodeProcess("torrent-tracker")
      let folders = try (0..<3).map { _ in try NodeProcess.makeFolder() }
      defer { for folder in folders { try? FileManager.default.removeItem(at: folder) } }
      let file = folders[0].appending(path: "f")
      try Data(repeating: 7, count: 40_000).write(to: file)
      let torrent = folders[0].appending(path: "torrent.json")
      try TorrentTools.torrentify(file, "127.0.0.1:\(tracker.port())", to: torrent)
      let made = try String(contentsOf: torrent, encoding: .utf8)
      let hashes = made.matches(of: /[0-9a-f]{40}/).map { String($0.output) }
      #expect(hashes.count == 4)
      func change(_ hash: String, in folder: URL) throws {
        try made.replacing(hash, with: Self.zeros)
          .write(to: folder.appending(path: "torrent.json"), atomically: false, encoding: .utf8)
      }
      try change(hashes[0], in: folders[1])
      try change(hashes[3], in: folders[2])
      let seeder = try TorrentTools.client(folders[0])
      _ = try seeder.event("download.completed")

      let whole = try TorrentTools.client(folders[1])
      #expect(try whole.event("download.completed")["hash"] as? String == hashes[0])
      #expect(try whole.event("download.started")["hash"] as? String == Self.zeros)

      // An owner that claims to have the chunk that nobody can have gives something else.
      let liar = try Listener()
      let claim =
        #"{"client_host":"127.0.0.1","client_port":\#(liar.port),"hashes":["\#(Self.zeros)"]}"#
      #expect(try TorrentTools.curl(tracker.port(), "/chunk", "-X", "PUT", "-d", claim) == "200 Ok")
      let chunk = try TorrentTools.client(folders[2])
      let asked = try liar.accept()
      let lie = String(repeating: "x", count: 40_000 - 2 * 16_384)
      asked.write(
        Array(
          """
          HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\
          Content-Length: \(lie.utf8.count)\r\n\r\n\(lie)
          """.utf8))
      let rejected = try chunk.event("chunk.rejected")
      #expect(rejected["chunk"] as? Int == 2 && rejected["reason"] as? String == "wrong bytes")
      #expect(try chunk.event("owner.left")["reason"] as? String == "lying")
      _ = try Deadline.poll("the other two chunks") {
        chunk.lines().count { $0["kind"] as? String == "chunk.received" } == 2 ? true : nil
      }
      #expect(!chunk.lines().contains { $0["kind"] as? String == "download.completed" })
    }

    @Test("a tracker that is fed 1 GB bodies, slow heads and bad JSON keeps its limits and goes on")
    func floods() throws {
      let tracker = try NodeProcess("torrent-tracker")
      let port = try tracker.port()
      let folder = try NodeProcess.makeFolder()
      defer { try? FileManager.default.removeItem(at: folder) }
      // Heads that never end, a byte now and then, while all else happens.
      let slow = try (0..<200).map { _ in try Connection(port: port) }
      for connection in slow { connection.write(Array("GET /dht HTTP/1.1\r\nX-Slow: ".utf8)) }

      let body = folder.appending(path: "body")
      #expect(FileManager.default.createFile(atPath: body.path, contents: nil))
      try FileHandle(forWritingTo: body).truncate(atOffset: 1 << 30)
      for length in ["Content-Length: 1073741824", "Transfer-Encoding: chunked"] {
        let answer = try TorrentTools.curl(
          port, "/chunk", "-X", "PUT", "-H", length, "-H", "Expect:", "-T", body.path)
        #expect(answer.hasPrefix("413 ") || answer.contains("413"), "\(answer.prefix(200))")
      }
      // Whoever does not listen, and goes on sending.
      let deaf = try Connection(port: port)
      deaf.write(Array("PUT /chunk HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n".utf8))
      for _ in 0..<1_024 { deaf.write([UInt8](repeating: 0x20, count: 1 << 20)) }

      for connection in slow { connection.write([0x61]) }
      let garbage = try Connection(port: port)
      garbage.write([UInt8](repeating: 0xFF, count: 100_000))
      #expect(String(decoding: try garbage.readToEnd(), as: UTF8.self).hasPrefix("HTTP/1.1 400 "))
      let head = try Connection(port: port)
      head.write(Array("GET /dht HTTP/1.1\r\nX: ".utf8) + [UInt8](repeating: 0x61, count: 1 << 20))
      #expect(String(decoding: try head.readToEnd(), as: UTF8.self).hasPrefix("HTTP/1.1 431 "))
      for json in [
        "{", "[[[[", "\u{0}", #"{"hashes": [1e999]}"#, String(repeating: "[", count: 99),
      ] {
        let answer = try TorrentTools.curl(port, "/chunk", "-X", "PUT", "-d", json)
        #expect(answer.hasPrefix("400 Error passing from request body "), "\(json): \(answer)")
      }
      for connection in slow {
        #expect(
          String(decoding: try connection.readToEnd(), as: UTF8.self).hasPrefix("HTTP/1.1 408 "))
      }
      #expect(try TorrentTools.curl(port, "/dht") == "200 []")
      #expect(try tracker.peakMemory() < 64 << 20)
      let reasons = tracker.lines().compactMap { $0["reason"] as? String }
      for words in ["too long", "too slow"] {
        #expect(reasons.contains { $0.contains(words) }, "\(Set(reasons))")
      }
    }
  }
}

extension NodeProcess {
  /// The most memory that it had so far, in bytes.
  func peakMemory() throws -> Int {
    let status = try String(contentsOfFile: "/proc/\(processID)/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    guard let kibibytes = line?.split(whereSeparator: \.isWhitespace)[1], let count = Int(kibibytes)
    else { throw Missing(what: "VmHWM in \(status)") }
    return count * 1_024
  }
}
