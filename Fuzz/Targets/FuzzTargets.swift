import Gossip
import Hashing
import History
import JSONReading
import KPTP
import Kademlia
import Networks
import Participants
import PeerExchange
import Topology
import Wire

/// Everything that takes bytes from outside.
package enum FuzzTargets {
  package static let all =
    [
      topology, eventLine, printedLine, gossipPeerLink, gossipSeedLink, gossipSeedAnswer, kptp,
      peerExchange,
      rpcudp, messagePack, hyperdht,
    ]
    + torrent + relay
    + Networks.roles.map(node)

  static let address = Address(host: "127.0.0.1", port: 6_001)

  // MARK: Files

  private static let topology = FuzzTarget(
    "topology",
    samples: [
      """
      network: gossip
      groups:
        seed: { count: 2 }
        peer:
          count: 8
          after: seed
          every: 20ms
          options: { liveness-interval: 1s, texts: unique, report-dead: true }
      faults:
        - { at: 4s, kill: { group: peer, count: 2 } }
        - { at: 5s, churn: { group: peer, every: 500ms, down-for: 2s }, for: 8s }
        - { at: 6s, partition: { split: { group: peer, count: 4 } }, for: 10s }
      stop: { at: 25s, within: 5s }
      checks: [dead-nodes-are-reported, ./own.sql]
      """,
      """
      network: pex
      network-model:
        latency: { uniform: [1ms, 20ms] }
        streams: { cut: random, stall: { rate: 0.001, for: 200ms }, reset-rate: 0.0005 }
        clock-skew: 20ms
      groups:
        owner: { role: peer, count: 1, options: { have: 75, gives: once } }
        peer: { count: 3, joins: 1s, options: { bootstrap: [owner, "[::1]:8100"], want: 75 } }
      faults: [{ at: 1s, restart: owner-1 }]
      stop: { at: 2s }
      """,
    ].map { Array($0.utf8) }
  ) { input, random in
    let file = TopologyFile(path: "fuzz.yaml", text: String(decoding: input, as: UTF8.self))
    if let topology = try? Topology(file, roles: Networks.roles, checks: nil) {
      // Only as many nodes as a plan is made of quickly.
      guard topology.groups.allSatisfy({ $0.count <= 1_000 }) else { return }
      _ = topology.plan(seed: random.next())
    }
  }

  private static let eventLine = FuzzTarget(
    "event-line",
    samples: [
      #"{"t":1795157021729376,"n":1,"kind":"node.ready","address":"127.0.0.1:1","x":[1,-2.5e3]}"#,
      #"{"t":1795157022734102,"n":9,"kind":"link.opened","peer":"[::1]:1","a":{"b":"\u00e9\n"}}"#,
    ].map { Array($0.utf8) }
  ) { input, _ in
    let line = try? EventLine(input.span)
    if let line { precondition(line.end <= input.count && line.kind.upperBound <= line.end) }
  }

  private static let printedLine = FuzzTarget(
    "printed-line",
    samples: [
      "1795157021.729376 got hello from 127.0.0.1:1 after 3", "got", "up at 127.0.0.1:7",
      #"{"kind":"door.opened","t":17,"peer":"a:1","wide":18446744073709551615,"w":"\u00e9"}"#,
    ].map { Array($0.utf8) }
  ) { input, _ in
    let program = Program(
      command: ["x"], ready: .log(#"^up at (?<address>\S+)"#),
      events: [
        Program.EventPattern(
          match: #"(?<time>[0-9.]+) got (?<what>.*) from (?<peer>.*) after (?<hops>.*)"#,
          kind: "text.received", numbers: ["hops"]),
        Program.EventPattern(match: "^(?:(?:[a-z0-9]+)*[ .]?)*$", kind: "text.costly"),
      ])
    guard let lines = try? PrintedLines(program) else { preconditionFailure("patterns") }
    let row = unsafe input.withUnsafeBytes { unsafe lines.row($0) }
    // What was made of it goes into SQL's JSON functions.
    let data = Array(row.data.utf8)
    guard (try? JSONScanner.validate(data.span)) != nil else { preconditionFailure(row.data) }
  }

  // MARK: Streams

  private static let gossipLink = [
    GossipWire.handshake(address), GossipWire.busyFrame, GossipWire.acknowledgementFrame,
    GossipWire.gossip(Array("1795148528.851706:localhost:6002:message 1".utf8)),
    GossipWire.livenessRequest("1795148541.851722", from: address),
    GossipWire.livenessReply(to: "1795148541.851721", address, from: address),
  ]
  private static let gossipSeed = [
    GossipWire.register(address), GossipWire.listRequest,
    GossipWire.report(dead: address, at: Instant(microseconds: 1), by: address),
  ]
  private static let gossipAnswers = [
    GossipWire.welcome(address), GossipWire.registered,
    GossipWire.listPrefix + GossipWire.listEntries([address, address]),
  ]

  private static let gossipPeerLink = FuzzTarget("gossip-peer-link", samples: gossipLink) {
    input, random in
    var reader = PeerLinkReader()
    for part in FuzzTarget.cut(input, using: &random) { _ = reader.read(part) }
  }

  private static let gossipSeedLink = FuzzTarget("gossip-seed-link", samples: gossipSeed) {
    input, random in
    var reader = SeedLinkReader()
    for part in FuzzTarget.cut(input, using: &random) { _ = reader.read(part) }
    _ = reader.settle()
  }

  private static let gossipSeedAnswer = FuzzTarget(
    "gossip-seed-answer", samples: gossipAnswers
  ) { input, random in
    var reader = SeedAnswerReader()
    for part in FuzzTarget.cut(input, using: &random) {
      if reader.read(part) != nil { _ = reader.list() }
      if random.next() % 4 == 0 {
        reader.expect([.welcome, .registered, .list, .nothing][Int(random.next() % 4)])
      }
    }
  }

  private static let kptpMessages: [[UInt8]] = {
    let peers = [Endpoint(ip: 0x7f00_0001, port: 4_101), Endpoint(ip: 0xc0a8_0a19, port: 5_001)]
    let payload = Payload(key: Array("127.0.0.1:4101/1".utf8), value: Array("a value".utf8))
    return (1...12).map { type in
      KPTPMessage(
        type: type, name: type < 9 ? Array("peer2".utf8) : payload.encoded,
        peers: type < 9 ? peers : []
      ).encoded
    }
  }()

  /// However a stream is cut, the reader says the same; and what it says is what was sent.
  private static let kptp = FuzzTarget("kptp", samples: kptpMessages) { input, random in
    func read(_ parts: [[UInt8]]) -> ([KPTPMessage], isBroken: Bool) {
      var reader = KPTPReader()
      return (parts.flatMap { reader.read($0) }, reader.isBroken)
    }
    let (messages, isBroken) = read([input])
    let (others, isAlsoBroken) = read(FuzzTarget.cut(input, using: &random))
    precondition(messages == others && isBroken == isAlsoBroken)
    precondition(input.starts(with: messages.flatMap(\.encoded)))
    for message in messages { _ = Payload(message.name) }
  }

  private static let pieceSize = 200
  private static let peerExchangeMessages: [[UInt8]] = {
    let piece = SampleData(pieceSize: pieceSize).parts(of: 7).flatMap { $0 }
    let hash = PieceHash(SHA256.hash(piece))
    return [
      PeerExchangeWire.ask(hash), PeerExchangeWire.give(hash, bytes: piece.count) + piece,
      PeerExchangeWire.peers([address, Address(host: "2001:db8::7", port: 8_100)]),
      [3, 0, 0, 0, 9, 1, 2],
    ]
  }()

  /// However a stream is cut, the reader says the same.
  private static let peerExchange = FuzzTarget("pex", samples: peerExchangeMessages) {
    input, random in
    func read(_ parts: [[UInt8]]) -> [PeerExchangeReader.Item] {
      var reader = PeerExchangeReader(pieceSize: pieceSize)
      var items: [PeerExchangeReader.Item] = []
      for part in parts {
        var position = 0
        while let item = reader.next(in: part, from: &position) {
          // Where a piece is cut depends on the parts.
          if case .part(let range) = item {
            precondition(!range.isEmpty && range.upperBound <= part.count)
          } else {
            items.append(item)
          }
        }
        precondition(position == part.count)
      }
      return items
    }
    let whole = read([input])
    precondition(read(FuzzTarget.cut(input, using: &random)) == whole)
  }

  // MARK: Datagrams

  private static let value = MessagePack.map([
    MessagePack.Member(.text("value"), .text(#"{"type": "json", "data": "\"[]\""}"#)),
    MessagePack.Member(.integer(-70_000), .array([.null, .flag(true), .double(1.5)])),
    MessagePack.Member(.binary([1, 2]), .unsigned(.max)),
  ])
  private static let rpcudpDatagrams: [[UInt8]] = {
    var random = SeededGenerator(seed: 1)
    let (id, key) = (NodeID.random(using: &random), NodeID.random(using: &random))
    let calls: [RPCCall] = [
      .ping(sender: id), .findNode(sender: id, key: key), .findValue(sender: id, key: key),
      .store(sender: id, key: key, value: .text("x")),
    ]
    let results: [RPCResult] = [
      .other(.binary(id.bytes)), .other(.flag(true)), .value(value),
      .contacts([NamedContact(id: id, address: address), NamedContact(id: key, address: address)]),
    ]
    return calls.map { RPCMessage.request(key, $0).encoded }
      + results.map { RPCMessage.response(key, $0).encoded }
  }()

  /// What was read is written so that it is read again.
  private static let rpcudp = FuzzTarget("rpcudp", samples: rpcudpDatagrams) { input, _ in
    guard let bytes = try? RPCMessage(decoding: input).encoded else { return }
    let again = try? RPCMessage(decoding: bytes).encoded
    // A number of four bytes is written in eight: the datagram may be too long then.
    precondition(again == bytes || bytes.count > RPCMessage.longest)
  }

  private static let messagePack = FuzzTarget("messagepack", samples: [value.encoded]) {
    input, _ in
    let limits = MessagePack.Limits(depth: 8, values: 1_024)
    guard let bytes = try? MessagePack(decoding: input, limits: limits).encoded else { return }
    precondition((try? MessagePack(decoding: bytes, limits: limits).encoded) == bytes)
  }

  // MARK: Nodes

  /// Every message that somebody may send to a role.
  static func samples(of role: Role) -> [[UInt8]] {
    switch role.network {
    case "gossip": gossipLink + gossipSeed + gossipAnswers
    case "kptp": kptpMessages
    case "kademlia": rpcudpDatagrams
    case "hyperdht": hyperdhtDatagrams
    case "torrent": torrentMessages
    case "pex": peerExchangeMessages
    case let network: preconditionFailure("what do nodes of \(network) say to one another?")
    }
  }

  /// A whole node: what comes on connections of both directions, as datagrams, and the time between.
  private static func node(_ role: Role) -> FuzzTarget {
    FuzzTarget("node-\(role.fullName)", samples: samples(of: role)) { input, random in
      var node = FuzzedNode(role)
      for part in FuzzTarget.cut(input, using: &random) { node.take(part, using: &random) }
    }
  }
}
