import Foundation
import Testing

extension NodeTests {
  /// Peers of the exchange as processes, and a test that speaks as the original program does.
  @Suite struct ExchangeProcessTests {
    private static let pieceSize = 131_072

    /// Piece 0 of the sample data, and its SHA-256 as the original program has it.
    private static let piece = [UInt8](repeating: 0, count: pieceSize)
    private static let hash: [UInt8] = [
      0xfa, 0x43, 0x23, 0x9b, 0xce, 0xe7, 0xb9, 0x7c, 0xa6, 0x2f, 0x00, 0x7c, 0xc6, 0x84, 0x87,
      0x56, 0x0a, 0x39, 0xe1, 0x9f, 0x74, 0xf3, 0xdd, 0xe7, 0x48, 0x6d, 0xb3, 0xf9, 0x8d, 0xf8,
      0xe4, 0x71,
    ]
    private static let ask = [33, 0, 0, 0, 0] + hash
    private static let give = [0x21, 0, 2, 0, 1] + hash

    /// A peers message: addresses of 127.0.0.1, their ports little-endian.
    private static func peers(_ ports: UInt16...) -> [UInt8] {
      [UInt8(1 + 18 * ports.count), 0, 0, 0, 2]
        + ports.flatMap { port in
          [UInt8](repeating: 0, count: 10)
            + [0xff, 0xff, 127, 0, 0, 1, UInt8(port & 255), UInt8(port >> 8)]
        }
    }

    @Test("gives the original what it asks for, and dials it back to tell and to ask")
    func interoperation() throws {
      let node = try NodeProcess(
        "pex-peer", ["--piece-size", "\(Self.pieceSize)", "--catalogue", "1", "--want", "1"])
      let original = try Listener()
      let port = try node.port()
      let dialled = try Connection(port: port)
      dialled.write(Self.ask + Self.peers(original.port), cutAt: [3, 36, 40, 50])

      let accepted = try original.accept()
      try accepted.read(Self.peers(port, original.port))
      // What others of ours know it by: for the original, a piece that it lacks.
      try accepted.read([33, 0, 0, 0, 0] + Array("seedbed pex tok:".utf8))
      _ = try accepted.read(16)
      try accepted.read(Self.ask)
      accepted.write(Self.give + Self.piece.dropLast(), cutAt: [1, 5, 37, 70_000])
      accepted.write([0])
      _ = try node.event("pieces.completed")

      // What it lacked when it was asked, it gives when it is asked again; it is silent in between.
      dialled.write(Self.ask)
      try dialled.read(Self.give)
      try dialled.read(Self.piece)
    }

    @Test("a message that is too long costs its sender the connection, and nobody else")
    func tooLong() throws {
      let node = try NodeProcess(
        "pex-peer", ["--piece-size", "\(Self.pieceSize)", "--catalogue", "1", "--have", "1"])
      let port = try node.port()
      let (hostile, honest) = (try Connection(port: port), try Connection(port: port))
      hostile.write([0xff, 0xff, 0xff, 0x7f, 1])
      #expect(try hostile.readToEnd().isEmpty)
      #expect(try node.event("bytes.rejected")["reason"] as? String == "a piece too long")
      honest.write(Self.ask)
      try honest.read(Self.give)
    }

    @Test("listens on IPv6, and says so as the original does")
    func overIPv6() throws {
      let node = try NodeProcess("pex-peer", ["--listen", "[::1]:0"])
      let address = try #require(try node.event("node.ready")["address"] as? String)
      #expect(address.hasPrefix("[::1]:"))
      let other = try NodeProcess("pex-peer", ["--listen", "[::1]:0", "--bootstrap", address])
      let linked = try node.event("neighbour.linked") { $0["direction"] as? String == "accepted" }
      #expect(linked["peer"] as? String == (try other.event("node.ready")["address"] as? String))
    }

    @Test("is found by way of an original, which passes its port on as one of ::1")
    func throughOriginals() throws {
      let both = ["--listen", "127.0.0.1:0", "--also", "::1"]
      let (one, other) = (try NodeProcess("pex-peer", both), try NodeProcess("pex-peer", both))
      let port = try other.port()
      #expect(try other.event("node.ready")["also"] as? String == "[::1]:\(port)")
      let original = try Connection(port: one.port())
      let loopback = [UInt8](repeating: 0, count: 15) + [1]
      original.write([19, 0, 0, 0, 2] + loopback + [UInt8(port & 255), UInt8(port >> 8)])
      let found = try one.event("neighbour.linked")
      #expect(found["peer"] as? String == "[::1]:\(port)")
      #expect(found["direction"] as? String == "dialled")
      // Each finds out who dialled in, and that one connection is enough.
      for (node, peer) in [(one, port), (other, try one.port())] {
        _ = try node.event("neighbour.linked") {
          $0["direction"] as? String == "accepted"
            && ($0["peer"] as? String)?.hasSuffix(":\(peer)") == true
        }
      }
      _ = try one.event("neighbour.lost") { $0["reason"] as? String == "double" }
    }

    @Test("a file moves from one node to another, and the node that wanted it ends")
    func file() throws {
      let folder = try NodeProcess.makeFolder()
      defer { try? FileManager.default.removeItem(at: folder) }
      var random = SystemRandomNumberGenerator()
      let bytes = Data((0..<700_000).map { _ in UInt8.random(in: .min ... .max, using: &random) })
      let (mine, theirs) = (folder.appending(path: "film"), folder.appending(path: "copy"))
      try bytes.write(to: mine)

      let size = ["--piece-size", "65536"]
      let sharer = try NodeProcess("pex-peer", size + ["--share", mine.path])
      let list = try #require(try sharer.event("file.shared")["list"] as? String)
      try FileManager.default.copyItem(atPath: list, toPath: theirs.path + ".pieces")
      let fetcher = try NodeProcess(
        "pex-peer",
        size + [
          "--fetch", theirs.path + ".pieces", "--once", "true", "--bootstrap",
          "127.0.0.1:\(sharer.port())",
        ])
      let (code, errors) = try fetcher.end()
      #expect(code == 0 && errors.isEmpty, "\(errors)")
      #expect(try Data(contentsOf: theirs) == bytes)
      #expect(!FileManager.default.fileExists(atPath: theirs.path + ".part"))
      #expect(fetcher.lines().last?["kind"] as? String == "node.stopped")
    }
  }
}
