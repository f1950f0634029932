import Hashing
import ParticipantTesting
import Participants
import PeerExchange
import Testing

/// One peer, with pieces of 64 bytes, and a test that plays everybody else.
struct PeerStage {
  static let size = 64
  static let own = Address(host: "127.0.0.1", port: 4_000)
  static let other = Address(host: "127.0.0.1", port: 4_001)
  static let third = Address(host: "10.0.0.3", port: 4_003)

  var stage: Stage
  /// The tokens that were said on each connection, as far as it was looked at.
  private var tokens: [ConnectionID: PieceHash] = [:]

  init(_ options: [String: OptionValue] = [:]) {
    let all = options.merging(["piece-size": .count(Int64(Self.size))]) { given, _ in given }
    stage = Stage(PeerExchangeRoles.peer, at: Self.own, all)
  }

  /// A peer that dialled others, who answered.
  init(with neighbours: [Address], _ options: [String: OptionValue] = [:]) {
    self.init(
      options.merging(["bootstrap": .addresses(neighbours.map(\.description))]) { $1 })
    for neighbour in neighbours { connect(neighbour) }
  }

  mutating func connect(_ neighbour: Address) {
    guard let id = stage.dial(to: neighbour) else {
      Issue.record("\(neighbour) was not dialled")
      return
    }
    stage.handle(.connected(id))
  }

  func link(_ neighbour: Address = PeerStage.other) -> ConnectionID {
    stage.dial(to: neighbour) ?? ConnectionID(0)
  }

  /// What was said on a connection since the last look, but for tokens.
  mutating func heard(on id: ConnectionID) -> [Reading.Message] {
    let messages = Reading(pieceSize: Self.size, [stage.heard(on: id)]).messages
    return messages.filter { message in
      guard case .ask(let hash) = message, hash.bytes.starts(with: Self.mark) else { return true }
      tokens[id] = hash
      return false
    }
  }

  private static let mark = Array("seedbed pex tok:".utf8)

  /// What another of ours might send to be recognised by.
  static func token(_ number: UInt8) -> PieceHash {
    PieceHash(mark + [UInt8](repeating: number, count: 16))
  }

  static func proof(of token: PieceHash, port: UInt16) -> PieceHash {
    PieceHash(SHA256.hash(token.bytes + [UInt8(port & 255), UInt8(port >> 8)]))
  }

  /// The token that was sent on a connection.
  mutating func token(on id: ConnectionID) throws -> PieceHash {
    _ = heard(on: id)
    return try #require(tokens[id])
  }

  /// One of ours dials in and says where it listens.
  mutating func call(from neighbour: Address, token: UInt8 = 1) -> ConnectionID {
    let caller = stage.accept()
    stage.say(
      PeerExchangeWire.peers([neighbour]) + PeerExchangeWire.ask(Self.token(token)), on: caller)
    return caller
  }

  /// A neighbour that was dialled proves on another connection that it is its.
  mutating func prove(_ neighbour: Address, on caller: ConnectionID) throws {
    let proof = Self.proof(of: try token(on: link(neighbour)), port: neighbour.port)
    stage.say(PeerExchangeWire.ask(proof), on: caller)
  }

  /// The pieces that were asked for on a connection since the last look.
  mutating func asked(on id: ConnectionID) -> [PieceHash] {
    heard(on: id).compactMap { if case .ask(let hash) = $0 { hash } else { nil } }
  }

  /// The piece that a neighbour was asked for first since the last look.
  mutating func firstAsked(on neighbour: Address) throws -> PieceHash {
    try #require(asked(on: link(neighbour)).first)
  }

  /// The pieces that were given on a connection since the last look.
  mutating func given(on id: ConnectionID) -> [PieceHash] {
    heard(on: id).compactMap { if case .give(let hash, _) = $0 { hash } else { nil } }
  }

  static func piece(_ hash: PieceHash) -> [UInt8] {
    let number = (0..<75).first { Fixture.hash($0, size: size) == hash }
    return Fixture.piece(number ?? 0, size: size)
  }

  static func give(_ hash: PieceHash) -> [UInt8] {
    PeerExchangeWire.give(hash, bytes: size) + piece(hash)
  }

  mutating func give(_ hash: PieceHash, on id: ConnectionID) {
    stage.say(Self.give(hash), on: id)
  }

  func logged(_ kind: EventKind) -> [Event] { stage.logged(kind) }

  func reasons(_ kind: EventKind) -> [String] {
    logged(kind).compactMap { if case .text(let text) = $0["reason"] { text } else { nil } }
  }
}

@Suite struct `A peer of the exchange` {
  private let own = PeerStage.own
  private let other = PeerStage.other
  private let third = PeerStage.third

  @Test func `dials whom it was told of, and says where it listens`() {
    var peer = PeerStage(with: [other])
    #expect(peer.heard(on: peer.link()) == [.peers([own, other])])
    #expect(peer.logged(PeerExchangeEvents.neighbourLinked).map(\.peer) == [other])
    #expect(peer.logged(PeerExchangeEvents.addressLearned).first?["from"] == .text("option"))
  }

  @Test func `dials who says that it listens, and whom that knows`() {
    var peer = PeerStage()
    let caller = peer.stage.accept()
    peer.stage.say(PeerExchangeWire.peers([other, third, own, third]), on: caller)
    #expect(peer.stage.dials.map(\.to) == [other, third])
    let learned = peer.logged(PeerExchangeEvents.addressLearned)
    #expect(learned.map { $0["from"] } == [nil, nil], "nobody knows who dialled")
    #expect(
      learned.map { $0["connection"] }
        == [Int64](repeating: Int64(caller.number), count: 2)
        .map { .integer($0) })
    #expect(peer.logged(PeerExchangeEvents.neighbourLinked).isEmpty)
  }

  @Test func `takes the host of whoever does not know its own from the connection`() {
    var peer = PeerStage()
    let caller = peer.stage.accept(from: Address(host: "::ffff:10.0.0.9", port: 50_000))
    peer.stage.say(PeerExchangeWire.peers([Address(host: "0.0.0.0", port: 4_009)]), on: caller)
    #expect(peer.stage.dials.map(\.to) == [Address(host: "10.0.0.9", port: 4_009)])
  }

  @Test func `tells of those who are connected, and soon after there is somebody new`() {
    var peer = PeerStage(with: [other])
    _ = peer.heard(on: peer.link())
    peer.stage.say(PeerExchangeWire.peers([third]), on: peer.stage.accept())
    peer.connect(third)
    #expect(peer.heard(on: peer.link()).isEmpty)
    peer.stage.wait(.seconds(1))
    #expect(peer.heard(on: peer.link()) == [.peers([own, other, third])])
    peer.stage.wait(.seconds(9))
    #expect(peer.heard(on: peer.link()).isEmpty)
    peer.stage.wait(.seconds(1))
    #expect(peer.heard(on: peer.link()).count == 1, "every ten seconds, as the original does")
  }

  @Test func `that introduces nobody tells of itself alone`() {
    var peer = PeerStage(with: [other], ["introduces": .flag(false)])
    #expect(peer.heard(on: peer.link()) == [.peers([own])])
  }

  @Test func `dials again who is lost, and forgets who cannot be reached`() {
    var peer = PeerStage()
    peer.stage.say(PeerExchangeWire.peers([other, third]), on: peer.stage.accept())
    peer.connect(other)
    for _ in 1...5 {
      if let dial = peer.stage.dial(to: third) { peer.stage.handle(.closed(dial, .refused)) }
      peer.stage.wait(.seconds(10))
    }
    #expect(peer.logged(PeerExchangeEvents.addressForgotten).map(\.peer) == [third])
    let dials = peer.stage.dials.count
    peer.stage.handle(.closed(peer.link(), .reset))
    peer.stage.wait(.seconds(10))
    #expect(peer.stage.dials.dropFirst(dials).map(\.to) == [other])
  }

  @Test func `dials the dead ever more seldom, though a live neighbour goes on naming them`() {
    var peer = PeerStage(with: [other])
    let caller = peer.stage.accept()
    var dials: [Int] = []
    for interval in 1...300 {
      peer.stage.say(PeerExchangeWire.peers([third, other]), on: caller)
      while let dial = peer.stage.dials.last, dial.to == third,
        !peer.stage.closed.contains(dial.id),
        dials.count < peer.stage.dials.count - 1
      {
        dials.append(interval)
        peer.stage.handle(.closed(dial.id, .refused))
      }
      peer.stage.wait(.seconds(10))
    }
    // Five in a row, then one after 4, 8, 16, 32, 32, … intervals.
    #expect(dials.count == 5 + 11, "\(dials)")
    #expect(peer.logged(PeerExchangeEvents.addressForgotten).count == 12)
    // It lives again, and is found.
    var isFound = false
    for _ in 1...33 where !isFound {
      peer.stage.say(PeerExchangeWire.peers([third, other]), on: caller)
      if peer.stage.dials.last?.to == third, peer.stage.dials.count > dials.count + 1 {
        peer.connect(third)
        isFound = true
      }
      peer.stage.wait(.seconds(10))
    }
    #expect(peer.logged(PeerExchangeEvents.neighbourLinked).last?.peer == third)
  }

  @Test func `dials a node that was dead at once when it says that it is back`() {
    var peer = PeerStage(with: [other])
    let caller = peer.stage.accept()
    for _ in 1...5 {
      peer.stage.say(PeerExchangeWire.peers([other, third]), on: caller)
      if let dial = peer.stage.dial(to: third) { peer.stage.handle(.closed(dial, .refused)) }
      peer.stage.wait(.seconds(10))
    }
    let dials = peer.stage.dials.count
    _ = peer.call(from: third)
    #expect(peer.stage.dials.dropFirst(dials).map(\.to) == [third])
  }

  @Test func `dials whom it was told of at the start without end`() {
    var peer = PeerStage(["bootstrap": .addresses([other.description])])
    for _ in 1...20 {
      if let dial = peer.stage.dial(to: other) { peer.stage.handle(.closed(dial, .refused)) }
      peer.stage.wait(.seconds(10))
    }
    #expect(peer.stage.dials.count == 21)
    #expect(peer.logged(PeerExchangeEvents.addressForgotten).isEmpty)
  }

  @Test func `gives up a dial that nobody answers`() {
    var peer = PeerStage(["bootstrap": .addresses([other.description])])
    let dial = peer.link()
    peer.stage.wait(.seconds(3))
    #expect(peer.stage.closed == [dial])
  }

  @Test func `that cannot dial a neighbour back uses the neighbour's own connection`() {
    var peer = PeerStage(["want": .count(1)])
    let caller = peer.stage.accept()
    peer.stage.say(PeerExchangeWire.peers([other]), on: caller)
    #expect(peer.heard(on: caller).isEmpty)
    peer.stage.handle(.closed(peer.link(), .refused))
    peer.stage.wait(.seconds(10))
    let said = peer.heard(on: caller)
    #expect(said.first == .peers([own]))
    #expect(said.count == 2, "and asks there")
  }

  @Test func `holds no more connections than allowed`() {
    var peer = PeerStage(with: [other], ["max-connections": .count(2)])
    let callers = (0..<5).map { _ in peer.stage.accept() }
    #expect(callers.map { peer.stage.closed.contains($0) } == [false, true, true, true, true])
    #expect(
      peer.logged(PeerExchangeEvents.callerRefused).map { $0["count"] }
        == [.integer(1), .integer(2), .integer(4)])
    peer.stage.say(PeerExchangeWire.peers([third]), on: callers[0])
    #expect(peer.stage.dials.map(\.to) == [other])
  }

  @Test func `knows no more addresses than allowed`() {
    var peer = PeerStage(["max-known": .count(3)])
    let many = (1...9).map { Address(host: "10.0.0.\($0)", port: 1) }
    peer.stage.say(PeerExchangeWire.peers(many), on: peer.stage.accept())
    #expect(peer.stage.dials.map(\.to) == Array(many.prefix(3)))
  }

  @Test func `closes a connection with a message that is too long, and nothing else`() {
    var peer = PeerStage(with: [other, third])
    peer.stage.say([255, 255, 255, 255, 1], on: peer.link(third))
    #expect(peer.stage.closed.count == 1)
    #expect(peer.reasons(PeerExchangeEvents.bytesRejected) == ["a piece too long"])
    #expect(
      peer.logged(PeerExchangeEvents.bytesRejected).first?["bytes"] == .integer(4_294_967_295))
    #expect(peer.reasons(PeerExchangeEvents.neighbourLost) == ["garbled"])
    #expect(peer.stage.dial(to: other) != nil)
  }

  @Test func `passes over messages of unknown types, but not for ever`() {
    var peer = PeerStage(with: [other])
    let unknown: [UInt8] = [2, 0, 0, 0, 3, 9]
    for _ in 1...16 { peer.stage.say(unknown, on: peer.link()) }
    #expect(peer.reasons(PeerExchangeEvents.bytesRejected) == ["unknown type 3"])
    #expect(peer.stage.closed.isEmpty)
    peer.stage.say(unknown, on: peer.link())
    #expect(peer.stage.closed.count == 1)
  }

  @Test func `closes a connection on which nothing is ever said`() {
    var peer = PeerStage()
    let (silent, speaking) = (peer.stage.accept(), peer.stage.accept())
    peer.stage.say(PeerExchangeWire.peers([other]), on: speaking)
    peer.stage.wait(.seconds(60))
    #expect(peer.stage.closed.contains(silent))
    #expect(!peer.stage.closed.contains(speaking))
  }

  @Test func `passes over inputs about what it does not know`() {
    enum Stranger: UInt8, TimerPurpose {
      case timer = 77
    }
    var peer = PeerStage(with: [other])
    let id = ConnectionID(999)
    for input in [
      Input.connected(id), .received(id, PeerExchangeWire.peers([third])), .drained(id),
      .closed(id, .reset), .timer(TimerKey(Stranger.timer)),
      .timer(TimerKey(PeerExchangePeer.Timer.dial, 999)),
      .timer(TimerKey(PeerExchangePeer.Timer.ask, 1)),
      .timer(TimerKey(PeerExchangePeer.Timer.dial, 1)),
      .drained(peer.link()), .datagram(from: third, [1]), .stopping,
    ] { peer.stage.handle(input) }
    #expect(peer.stage.dials.map(\.to) == [other])
    #expect(peer.stage.closed.isEmpty)
  }
}
