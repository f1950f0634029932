import Faults
import Hashing
import ParticipantTesting
import Participants
import PeerExchange
import Testing
import Topology

/// Files between simulated nodes, with pieces of 100 bytes.
extension SimulatedNetwork {
  /// - Parameters:
  ///   - nodes: the options of each node, by name; all of them dial `a`.
  ///   - disks: the files that they find.
  fileprivate convenience init(
    _ nodes: [(name: String, options: [String: String])],
    disks: [String: [String: [UInt8]]], faults: [Fault] = []
  ) {
    let planned = nodes.map { name, options in
      PlannedNode(
        name: name, group: name, role: "pex-peer",
        options: options.merging(["piece-size": "100", "ask-timeout": "100ms"]) { given, _ in given
        },
        addresses: name == "a" ? [:] : ["bootstrap": ["a"]])
    }
    self.init(
      Plan(
        network: "pex", seed: 1, nodes: planned, faults: faults, stopAt: .seconds(60),
        allowsUnexpectedExits: true), roles: PeerExchangeRoles.all, disks: disks)
  }
}

@Suite struct `A file` {
  /// 1,050 bytes, whose second and fifth piece are the same.
  private static let file: [UInt8] = {
    var random = SeededGenerator(seed: 4)
    var bytes = (0..<1_050).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    bytes.replaceSubrange(400..<500, with: bytes[100..<200])
    return bytes
  }()

  private static func list(of file: [UInt8], pieceSize: Int = 100) -> [UInt8] {
    let starts = stride(from: 0, to: file.count, by: pieceSize)
    let hashes = starts.map {
      PieceHash(SHA256.hash(Array(file[$0..<min($0 + pieceSize, file.count)])))
    }
    return Array(HashList(pieceSize: pieceSize, size: file.count, hashes: hashes).text.utf8)
  }

  @Test(arguments: [0, 1, 99, 100, 101, 1_050])
  func `that one shares others fetch, and give on`(size: Int) {
    let file = Array(Self.file.prefix(size))
    let exchange = SimulatedNetwork(
      [
        ("a", ["share": "film"]), ("b", ["fetch": "got.pieces"]), ("c", ["fetch": "got.pieces"]),
      ],
      disks: [
        "a": ["film": file], "b": ["got.pieces": Self.list(of: file)],
        "c": ["got.pieces": Self.list(of: file)],
      ])
    let shared = exchange.logged(PeerExchangeEvents.fileShared, by: "a")
    #expect(shared.map { $0["pieces"] } == [.integer(Int64((size + 99) / 100))])
    #expect(shared.map { $0["list"] } == [.text("film.pieces")])
    for node in ["b", "c"] {
      let fetched = exchange.logged(PeerExchangeEvents.fileFetched, by: node)
      #expect(fetched.map { $0["file"] } == [.text("got")])
      #expect(fetched.map { $0["bytes"] } == [.integer(Int64(size))])
      #expect(exchange.logged(PeerExchangeEvents.fileFailed, by: node).isEmpty)
      // Once, however often it stands in the file.
      let wanted = exchange.logged(PeerExchangeEvents.pieceWanted, by: node).count
      #expect(wanted == min((size + 99) / 100, size == 1_050 ? 10 : .max))
    }
  }

  @Test func `is fetched on where it was left, and shared when it is there`() {
    let part = Array(Self.file.prefix(250))
    let exchange = SimulatedNetwork(
      [
        ("a", ["share": "film"]), ("b", ["fetch": "got.pieces"]), ("c", ["fetch": "got.pieces"]),
      ],
      disks: [
        "a": ["film": Self.file],
        "b": ["got.pieces": Self.list(of: Self.file), "got.part": part],
        "c": ["got.pieces": Self.list(of: Self.file), "got": Self.file],
      ])
    #expect(exchange.logged(PeerExchangeEvents.pieceHeld, by: "b").count == 2)
    #expect(exchange.logged(PeerExchangeEvents.pieceReceived, by: "b").count == 8)
    #expect(exchange.logged(PeerExchangeEvents.fileFetched, by: "b").count == 1)
    #expect(exchange.logged(PeerExchangeEvents.pieceReceived, by: "c").isEmpty)
    #expect(exchange.logged(PeerExchangeEvents.fileFetched, by: "c").count == 1)
  }

  @Test func `that a killed node was fetching is fetched on by its next life`() {
    let kill = Fault(id: 1, action: .restart, node: "b", at: .milliseconds(1))
    let exchange = SimulatedNetwork(
      [("a", ["share": "film"]), ("b", ["fetch": "got.pieces"])],
      disks: ["a": ["film": Self.file], "b": ["got.pieces": Self.list(of: Self.file)]],
      faults: [kill])
    let fetched = exchange.logged(PeerExchangeEvents.fileFetched, by: "b")
    #expect(!fetched.isEmpty)
    #expect(exchange.logged(NodeEvents.ready, by: "b").count == 2)
  }

  @Test func `that is fetched once ends the node`() {
    let exchange = SimulatedNetwork(
      [("a", ["share": "film:other"]), ("b", ["fetch": "got.pieces", "once": "true"])],
      disks: [
        "a": ["film": Self.file, "other": [1, 2, 3]], "b": ["got.pieces": Self.list(of: Self.file)],
      ])
    #expect(exchange.logged(PeerExchangeEvents.fileShared, by: "a").count == 2)
    #expect(exchange.logged(PeerExchangeEvents.fileFetched, by: "b").count == 1)
    #expect(exchange.logged(NodeEvents.stopped, by: "b").count == 1)
  }

  @Test(
    arguments: [
      (["fetch": "got.pieces"], "No such file or directory"),
      (["fetch": "got.txt"], "the name of a hash list ends in .pieces"),
      (["share": "nothing"], "No such file or directory"),
      (["fetch": "noise.pieces"], "this is no hash list"),
      (["fetch": "large.pieces"], "its pieces have 200 bytes: start with that piece-size"),
      (["fetch": "film.pieces"], "film is there, and it is another file"),
      (["fetch": "long.pieces"], "long.part is too long: remove it"),
    ])
  func `that cannot be had is said so`(options: [String: String], reason: String) {
    let exchange = SimulatedNetwork(
      [("a", options)],
      disks: [
        "a": [
          "noise.pieces": [1, 2, 3], "large.pieces": Self.list(of: Self.file, pieceSize: 200),
          "film": Array("another".utf8), "film.pieces": Self.list(of: Self.file),
          "long.part": Self.file + [1], "long.pieces": Self.list(of: Self.file),
        ]
      ])
    let failed = exchange.logged(PeerExchangeEvents.fileFailed, by: "a")
    #expect(failed.map { $0["reason"] } == [.text(reason)])
  }

  @Test func `in two lists is fetched once and put into both places`() {
    let half = Array(Self.file.prefix(500))
    let exchange = SimulatedNetwork(
      [("a", ["share": "film"]), ("b", ["fetch": "whole.pieces:half.pieces:there.pieces"])],
      disks: [
        "a": ["film": Self.file],
        "b": [
          "whole.pieces": Self.list(of: Self.file), "half.pieces": Self.list(of: half),
          "there.pieces": Self.list(of: half), "there": half,
        ],
      ])
    let fetched = exchange.logged(PeerExchangeEvents.fileFetched, by: "b")
    for name in ["whole", "half", "there"] {
      #expect(fetched.contains { $0["file"] == .text(name) }, "\(name)")
    }
    #expect(exchange.logged(PeerExchangeEvents.fileFailed, by: "b").isEmpty)
  }

  @Test(
    arguments: [
      "", "seedbed-pieces 2\npiece-size 1\nsize 0\n", "seedbed-pieces 1\npiece-size 1\nsize 0",
      "seedbed-pieces 1\npiece-size 0\nsize 0\n", "seedbed-pieces 1\npiece-size 1\nsize -1\n",
      "seedbed-pieces 1\npiece-size 1\nsize 1\n", "seedbed-pieces 1\npiece-size 1\nsize 1\nab\n",
      "seedbed-pieces 1\nsize 0\npiece-size 1\n",
      "seedbed-pieces 1\npiece-size 1\nsize 9223372036854775807\n",
    ])
  func `has no list in a text that is none`(text: String) {
    #expect(HashList(text) == nil)
  }

  @Test func `has a list that says the same when it is read`() throws {
    let text = String(decoding: Self.list(of: Self.file), as: UTF8.self)
    let list = try #require(HashList(text))
    #expect(list.size == 1_050 && list.pieceSize == 100 && list.hashes.count == 11)
    #expect(list.hashes[1] == list.hashes[4])
    #expect(list.text == text)
  }
}
