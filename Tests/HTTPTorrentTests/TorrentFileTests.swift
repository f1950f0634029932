import HTTPTorrent
import Hashing
import Participants
import Testing

/// `torrent.json`, from friends and others.
@Suite struct TorrentFileTests {
  static let hashes = (0..<5).map { Hexadecimal.text(SHA1.hash([$0])) }

  /// The original's file, with some of its members changed.
  static func text(_ changes: [String: String] = [:], chunks: String? = nil) -> [UInt8] {
    let list = hashes.enumerated().map { #"{ "orderNumber": \#($0), "hash": "\#($1)" }"# }
    let members = [
      ("fileName", "\"file.bin\""), ("chunkSize", "32768"), ("trackerUrl", "\"127.0.0.1:5000\""),
      ("fileHash", "\"\(String(repeating: "0", count: 40))\""), ("fileSize", "163840"),
      ("chunks", chunks ?? "[\(list.joined(separator: ", "))]"),
    ]
    let lines = members.map { "    \"\($0)\": \(changes[$0] ?? $1)" }
    return Array("{\n\(lines.joined(separator: ",\n"))\n}".utf8)
  }

  @Test("the original's torrent is read")
  func original() throws {
    let torrent = try Torrent(parsing: Self.text())
    #expect(torrent.fileName.description == "file.bin")
    #expect(torrent.tracker == Address(host: "127.0.0.1", port: 5_000))
    #expect(torrent.chunks == Self.hashes)
    #expect((0..<5).map(torrent.size) == [32_768, 32_768, 32_768, 32_768, 32_768])
    #expect(torrent.offset(of: 4) == 131_072)
  }

  @Test("what is written is read again, and is spaced as the original spaces it")
  func roundTrip() throws {
    let torrent = try Torrent(parsing: Self.text(["fileName": "\"a \\\"b\\\" ü.bin\""]))
    #expect(try Torrent(parsing: torrent.json()) == torrent)
    let lines = String(decoding: torrent.json(), as: UTF8.self).split(separator: "\n")
    #expect(lines[1] == #"    "fileName": "a \"b\" ü.bin","#)
    #expect(
      lines[7...10].map(String.init) == [
        "        {", #"            "orderNumber": 0,"#,
        #"            "hash": "\#(Self.hashes[0])""#, "        },",
      ])
    let empty = Self.text(["fileSize": "0"], chunks: "[]")
    #expect(try Torrent(parsing: Torrent(parsing: empty).json()).chunks.isEmpty)
  }

  @Test(
    "a name that leads out of the folder, or is none, is refused",
    arguments: [
      "../file.bin", "/etc/passwd", "a/b", "..", ".", "", "C:\\\\file", "a\\\\b", "a\\u0000b",
      "a\\nb",
    ])
  func names(name: String) { expectRefusal(ofName: name) }

  @Test("so is a name that is longer than a file's may be", arguments: [256, 4_000_000])
  func longNames(length: Int) { expectRefusal(ofName: String(repeating: "a", count: length)) }

  private func expectRefusal(ofName name: String) {
    let problem = #expect(throws: TorrentError.self) {
      try Torrent(parsing: Self.text(["fileName": "\"\(name)\""]))
    }
    #expect((problem?.description.utf8.count ?? 1_000) < 300, "messages stay short")
  }

  @Test(
    "sizes, numbers and hashes that make no sense are refused",
    arguments: [
      ["fileSize": "-1"], ["fileSize": "163841"], ["fileSize": "9223372036854775807"],
      ["fileSize": "1e30"], ["fileSize": "163840.5"], ["chunkSize": "0"], ["chunkSize": "-32768"],
      ["chunkSize": "67108865"], ["chunkSize": "9223372036854775807"], ["fileHash": "\"00\""],
      ["fileHash": "\"\(String(repeating: "g", count: 40))\""], ["fileHash": "7"],
      ["trackerUrl": "\"127.0.0.1\""], ["trackerUrl": "\"a:0\""], ["trackerUrl": "\"a b:1\""],
      ["fileName": "null"], ["chunks": "{}"],
    ])
  func nonsense(changes: [String: String]) {
    #expect(throws: TorrentError.self) { try Torrent(parsing: Self.text(changes)) }
  }

  @Test("each chunk must be there once")
  func chunks() {
    func entry(_ number: Int) -> String {
      #"{"orderNumber": \#(number), "hash": "\#(Self.hashes[0])"}"#
    }
    for numbers in [[0, 1, 2, 3], [0, 1, 2, 3, 3], [0, 1, 2, 3, 5], [-1, 0, 1, 2, 3]] {
      let list = "[\(numbers.map(entry).joined(separator: ","))]"
      #expect(throws: TorrentError.self) { try Torrent(parsing: Self.text(chunks: list)) }
    }
    #expect(throws: Never.self) {
      try Torrent(
        parsing: Self.text(chunks: "[\([4, 3, 2, 1, 0].map(entry).joined(separator: ","))]"))
    }
    let million = "[\(repeatElement(entry(0), count: 30_000).joined(separator: ","))]"
    #expect(throws: TorrentError.self) {
      try Torrent(parsing: Self.text(["fileSize": "983040000"], chunks: million))
    }
    // A shorter last chunk cannot be what a longer one is.
    #expect(throws: TorrentError.self) {
      try Torrent(
        parsing: Self.text(
          ["fileSize": "163839"],
          chunks: "[\((0..<5).map(entry).joined(separator: ","))]"))
    }
  }

  @Test("what is cut off or changed is refused or read, and never traps")
  func fuzz() {
    let good = Self.text()
    var random = SeededGenerator(seed: 3)
    for length in 0..<good.count { _ = try? Torrent(parsing: Array(good[..<length])) }
    for _ in 0..<5_000 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
          in: 0...255, using: &random)
      }
      guard let torrent = try? Torrent(parsing: bytes) else { continue }
      #expect(torrent.chunks.count == 5)
    }
  }

  @Test("chunk sizes are the original's")
  func chunkSizes() {
    let sizes: [(file: Int64, chunk: Int)] = [
      (0, 16_384), (1, 16_384), (1_638_400, 16_384), (5 << 20, 32_768), (3_276_800, 32_768),
      (3_276_799, 16_384), (256 << 20, 2 << 20), (400 << 20, 4 << 20), (4_000 << 20, 4 << 20),
      ((4_000 << 20) + 1, 8 << 20), (8_000 << 20, 8 << 20), ((8_000 << 20) + 1, 16 << 20),
    ]
    for (file, chunk) in sizes {
      #expect(Torrent.chunkSize(for: file) == chunk, "\(file) bytes")
      #expect((file + Int64(chunk) - 1) / Int64(chunk) <= 1_000)
    }
  }
}
