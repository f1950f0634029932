import Gossip
import Participants
import Testing

/// The captures from the original program, and streams cut in every way.
@Suite struct GossipWireTests {
  static let peer = Address(host: "localhost", port: 6001)
  static let other = Address(host: "localhost", port: 6002)

  /// An instant from decimal seconds as the original writes them.
  static func instant(_ seconds: Int64, _ microseconds: Int64) -> Instant {
    Instant(microseconds: seconds * 1_000_000 + microseconds)
  }

  @Test("every message has the original's bytes")
  func bytes() throws {
    let seed = Address(host: "localhost", port: 5002)
    #expect(GossipWire.welcome(seed) == Fixture.welcome.bytes)
    #expect(GossipWire.register(Self.peer) == Fixture.register.bytes)
    #expect(GossipWire.registered == Fixture.registered.bytes)
    #expect(GossipWire.listRequest == Fixture.listRequest.bytes)
    #expect(
      GossipWire.listPrefix + GossipWire.listEntries([Self.peer, Self.other])
        == Fixture.list.bytes)
    #expect(GossipWire.handshake(Self.other) == Fixture.handshake.bytes)
    #expect(GossipWire.handshake(Self.other).count == 1031)
    #expect(
      GossipWire.gossip(Array("1795148528.851706:localhost:6002:message 1".utf8))
        == Fixture.gossip.bytes)
    #expect(GossipWire.acknowledgementFrame == Fixture.acknowledgement.bytes)
    #expect(
      GossipWire.livenessRequest(
        GossipWire.timestamp(Self.instant(1_795_148_541, 851_722)), from: Self.peer)
        == Fixture.livenessRequest.bytes)
    #expect(
      GossipWire.livenessReply(to: "1795148541.851721", Self.other, from: Self.peer)
        == Fixture.livenessReply.bytes)
    #expect(
      GossipWire.report(
        dead: Address(host: "localhost", port: 6004),
        at: Self.instant(1_795_148_640, 868_537), by: Self.peer) == Fixture.deadNode.bytes)
    #expect(GossipWire.busyFrame == Fixture.busy.bytes)
  }

  @Test(
    "a timestamp has at least one and at most six digits of fraction",
    arguments: [
      (851_706, "1.851706"), (857_230, "1.85723"), (500_000, "1.5"), (0, "1.0"), (1, "1.000001"),
    ])
  func timestamps(microseconds: Int64, text: String) {
    #expect(GossipWire.timestamp(Self.instant(1, microseconds)) == text)
  }

  static let peerStream =
    Fixture.handshake.bytes + Fixture.gossip.bytes + Fixture.acknowledgement.bytes
    + Fixture.livenessRequest.bytes + Fixture.livenessReply.bytes + Fixture.gossip.bytes
  static let peerMessages: [PeerLinkMessage] = [
    .handshake(other),
    .gossip(message: Array("1795148528.851706:localhost:6002:message 1".utf8)),
    .acknowledgement,
    .livenessRequest(timestamp: "1795148541.851722", from: peer),
    .livenessReply(timestamp: "1795148541.851721", to: other),
    .gossip(message: Array("1795148528.851706:localhost:6002:message 1".utf8)),
  ]

  @Test("a peer link reads the same messages wherever the stream is cut in two")
  func peerLinkCutInTwo() {
    for cut in 0...Self.peerStream.count {
      var reader = PeerLinkReader()
      let messages =
        reader.read(Array(Self.peerStream[..<cut])) + reader.read(Array(Self.peerStream[cut...]))
      #expect(messages == Self.peerMessages, "cut at \(cut)")
    }
  }

  @Test("a peer link reads the same messages in pieces of any length", arguments: 0..<50)
  func peerLinkInPieces(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var reader = PeerLinkReader()
    var messages: [PeerLinkMessage] = []
    var rest = Self.peerStream[...]
    while !rest.isEmpty {
      let piece = rest.prefix(Int.random(in: 1...(1 + Int(seed) * 30), using: &random))
      messages += reader.read(Array(piece))
      rest = rest.dropFirst(piece.count)
    }
    #expect(messages == Self.peerMessages)
  }

  @Test("BUSY is read from its first words, and nothing after it")
  func busy() {
    var reader = PeerLinkReader()
    #expect(reader.read(Fixture.busy.bytes + Fixture.gossip.bytes) == [.busy])
    #expect(reader.read(Fixture.gossip.bytes).isEmpty)
  }

  @Test(
    "BUSY is BUSY whatever limit it names, and wherever it is cut", arguments: [0, 2, 4, 1_000])
  func busyOfOthers(links: Int) {
    let bytes = GossipWire.padded("PEER BUSY,already,connected to \(links) peers")
    for cut in 0...bytes.count {
      var reader = PeerLinkReader()
      #expect(reader.read(Array(bytes[..<cut])) + reader.read(Array(bytes[cut...])) == [.busy])
    }
  }

  @Test("words that are no message are counted, and the next message is read")
  func garbage() {
    var reader = PeerLinkReader()
    let stream = Array("GET / HTTP/1.1  ".utf8) + Fixture.gossip.bytes
    #expect(
      reader.read(stream) == [.garbage(bytes: 12), Self.peerMessages[1]])
    #expect(reader.read(GossipWire.padded("connected to peer:nowhere")) == [.garbage(bytes: 25)])
    #expect(
      reader.read(GossipWire.padded("gossip message:x:localhost:1:hi")) == [.garbage(bytes: 1024)])
    #expect(reader.read(GossipWire.padded("Liveness Request:1.5:localhost:99999")).count == 1)
  }

  @Test("what a peer says to a seed is read wherever it is cut")
  func seedLink() {
    let five = Address(host: "localhost", port: 60_010)
    let stream =
      GossipWire.register(five) + Fixture.listRequest.bytes + Fixture.deadNode.bytes
      + Fixture.listRequest.bytes
    let expected: [SeedLinkMessage] = [
      .register(five), .listRequest,
      .report(dead: Address(host: "localhost", port: 6004), by: Self.peer), .listRequest,
    ]
    for cut in 0...stream.count {
      var reader = SeedLinkReader()
      let messages = reader.read(Array(stream[..<cut])) + reader.read(Array(stream[cut...]))
      #expect(messages == expected, "cut at \(cut)")
    }
  }

  @Test("a port of fewer than five digits is whole only after a pause or what follows it")
  func shortPort() {
    var reader = SeedLinkReader()
    #expect(reader.read(Array("register:localhost:60".utf8)).isEmpty)
    #expect(reader.wantsSettling)
    #expect(reader.read(Array("01".utf8)).isEmpty)
    #expect(reader.settle() == [.register(Self.peer)])
    #expect(!reader.wantsSettling)
    #expect(
      reader.read(Array("register:localhost:6001peer list".utf8)) == [
        .register(Self.peer), .listRequest,
      ])
    #expect(reader.read(Array("register:localho".utf8)).isEmpty)
    #expect(reader.settle().isEmpty, "a pause does not end a host")
  }

  @Test("a seed's answers are recognised wherever they are cut")
  func answers() {
    let list = Fixture.list.bytes
    for cut in 0...list.count {
      var reader = SeedAnswerReader()
      reader.expect(.list)
      _ = reader.read(Array(list[..<cut]))
      #expect(reader.read(Array(list[cut...])) == .list)
      #expect(reader.list() == [Self.peer, Self.other])
    }
    var reader = SeedAnswerReader()
    #expect(reader.read(Array("welc".utf8)) == nil)
    #expect(reader.read(Array("ome connected to seed with address localhost:50".utf8)) == .welcome)
    reader.expect(.registered)
    #expect(reader.read(Array("02".utf8)) == nil, "the welcome's tail")
    #expect(reader.read(Fixture.registered.bytes) == .registered)
  }

  @Test("random bytes never trap a reader, and little of them is kept", arguments: 0..<200)
  func fuzz(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let words: [[UInt8]] = [
      Fixture.handshake.bytes, Fixture.gossip.bytes, Fixture.deadNode.bytes, Fixture.register.bytes,
      Fixture.list.bytes, Fixture.busy.bytes, Array("gossip message:".utf8), [0xff, 0, 0x20, 0x3a],
    ]
    var peer = PeerLinkReader()
    var seedLink = SeedLinkReader()
    var answers = SeedAnswerReader()
    answers.expect(.list)
    for _ in 0..<200 {
      var bytes = words.randomElement(using: &random) ?? []
      for _ in 0..<Int.random(in: 0...4, using: &random) where !bytes.isEmpty {
        let index = Int.random(in: 0..<bytes.count, using: &random)
        bytes[index] = UInt8.random(in: 0...255, using: &random)
      }
      bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
      for message in peer.read(bytes) where message == .busy { peer = PeerLinkReader() }
      _ = seedLink.read(bytes)
      if Bool.random(using: &random) { _ = seedLink.settle() }
      _ = answers.read(bytes)
      _ = answers.list()
    }
  }
}
