import Hashing
import ParticipantTesting
import Participants
import PeerExchange
import Testing

@Suite struct `A peer that wants pieces` {
  private let other = PeerStage.other
  private let third = PeerStage.third

  @Test func `asks one neighbour at a time, and as many pieces at once as allowed`() {
    var peer = PeerStage(with: [other, third], ["want": .count(10)])
    let (first, second) = (peer.asked(on: peer.link(other)), peer.asked(on: peer.link(third)))
    #expect(first.count == 4)
    #expect(second.count == 4)
    #expect(Set(first + second).count == 8, "nothing is asked of two")
  }

  @Test func `counts a piece that comes, and asks for the next`() throws {
    var peer = PeerStage(with: [other], ["want": .count(5)])
    let asked = peer.asked(on: peer.link())
    try #require(asked.count >= 2)
    peer.give(asked[0], on: peer.link())
    let received = peer.logged(PeerExchangeEvents.pieceReceived)
    #expect(received.map { $0["hash"] } == [.text("\(asked[0])")])
    #expect(received.first?["content"] == .text("\(asked[0])"))
    #expect(received.first?["bytes"] == .integer(64))
    let next = peer.asked(on: peer.link())
    #expect(next.count == 1 && !asked.contains(next[0]))
    for hash in asked.dropFirst() + next { peer.give(hash, on: peer.link()) }
    #expect(
      peer.logged(PeerExchangeEvents.piecesCompleted).map { $0["count"] } == [.integer(5)])
    peer.stage.wait(.seconds(60))
    #expect(peer.asked(on: peer.link()).isEmpty)
  }

  @Test func `gives what it got`() throws {
    var peer = PeerStage(with: [other], ["want": .count(1)])
    let hash = try peer.firstAsked(on: other)
    peer.give(hash, on: peer.link())
    let caller = peer.stage.accept()
    peer.stage.say(PeerExchangeWire.ask(hash), on: caller)
    #expect(peer.heard(on: caller) == [.give(hash, PeerStage.piece(hash))])
  }

  @Test func `asks the next neighbour when one stays silent, and the silent one later again`() {
    var peer = PeerStage(with: [other, third], ["want": .count(1)])
    let asked = [other, third].map { peer.asked(on: peer.link($0)).count }
    #expect(asked.sorted() == [0, 1])
    let (silent, next) = asked[0] == 1 ? (other, third) : (third, other)
    peer.stage.wait(.milliseconds(4_999))
    #expect(peer.asked(on: peer.link(next)).isEmpty)
    peer.stage.wait(.milliseconds(1))
    #expect(peer.asked(on: peer.link(next)).count == 1)
    #expect(peer.logged(PeerExchangeEvents.pieceUnanswered).map(\.peer) == [silent])
    peer.stage.wait(.seconds(9))
    #expect(peer.asked(on: peer.link(silent)).isEmpty)
    peer.stage.wait(.seconds(11))
    #expect(peer.asked(on: peer.link(silent)).count == 1)
  }

  @Test func `takes an answer for the neighbour's silence about what it was asked before`() throws {
    var peer = PeerStage(with: [other], ["want": .count(4)])
    let asked = peer.asked(on: peer.link())
    try #require(asked.count >= 2)
    peer.give(asked[2], on: peer.link())
    #expect(
      peer.logged(PeerExchangeEvents.pieceUnanswered).map { $0["hash"] }
        == [.text("\(asked[0])"), .text("\(asked[1])")])
  }

  @Test(arguments: [false, true])
  func `does not ask who is known to ask for the same piece`(isKnown: Bool) throws {
    // The first is asked; the second would be next.
    var peer = PeerStage(with: [third, other], ["want": .count(1)])
    #expect(peer.asked(on: peer.link(third)).count == 1)
    let caller = peer.call(from: other)
    if isKnown { try peer.prove(other, on: caller) }
    for number in 0..<75 {
      peer.stage.say(PeerExchangeWire.ask(Fixture.hash(number, size: PeerStage.size)), on: caller)
    }
    peer.stage.wait(.seconds(5))
    #expect(peer.asked(on: peer.link(other)).isEmpty == isKnown)
  }

  @Test func `asks first for what most are known to lack`() throws {
    let asking = (1...2).map { Address(host: "10.0.1.\($0)", port: 1) }
    var peer = PeerStage(
      ["want": .count(20), "bootstrap": .addresses((asking + [third]).map(\.description))])
    let wanted = peer.logged(PeerExchangeEvents.pieceWanted).compactMap { $0["hash"] }
    var asked: [PieceHash] = []
    for neighbour in asking {
      peer.connect(neighbour)
      let caller = peer.call(from: neighbour)
      asked += peer.asked(on: peer.link(neighbour))
      try peer.prove(neighbour, on: caller)
    }
    let rare = (0..<75).map { Fixture.hash($0, size: PeerStage.size) }
      .filter { wanted.contains(.text("\($0)")) && !asked.contains($0) }.suffix(4)
    for neighbour in asking {
      let caller = peer.stage.accept()
      peer.stage.say(PeerExchangeWire.peers([neighbour]), on: caller)
      // They ask before they are recognised, as they do in life.
      for hash in rare { peer.stage.say(PeerExchangeWire.ask(hash), on: caller) }
      try peer.prove(neighbour, on: caller)
    }
    peer.connect(third)
    #expect(Set(peer.asked(on: peer.link(third))) == Set(rare))
  }

  @Test func `asks others for what a lost neighbour was asked for`() throws {
    var peer = PeerStage(with: [other, third], ["want": .count(8)])
    let asked = peer.asked(on: peer.link(other))
    try #require(!asked.isEmpty)
    _ = peer.asked(on: peer.link(third))
    // Half of a piece has come.
    peer.stage.say(Array(PeerStage.give(asked[0]).prefix(60)), on: peer.link(other))
    peer.stage.handle(.closed(peer.link(other), .reset))
    peer.stage.wait(.seconds(5))
    #expect(Set(peer.asked(on: peer.link(third))) == Set(asked))
  }

  @Test func `waits for a slow piece as long as parts of it come, but not for ever`() throws {
    var peer = PeerStage(with: [other], ["want": .count(2)])
    let asked = peer.asked(on: peer.link())
    try #require(asked.count >= 2)
    let bytes = PeerStage.give(asked[0])
    peer.stage.say(Array(bytes[..<40]), on: peer.link())
    for byte in 40..<54 {
      peer.stage.wait(.seconds(4))
      peer.stage.say([bytes[byte]], on: peer.link())
    }
    #expect(peer.stage.closed.isEmpty)
    #expect(peer.logged(PeerExchangeEvents.pieceUnanswered).isEmpty)
    peer.stage.wait(.seconds(4))
    #expect(peer.stage.closed.count == 1)
    #expect(peer.reasons(PeerExchangeEvents.neighbourLost) == ["slow"])
  }

  @Test func `takes a late answer, and drops the second of two`() throws {
    var peer = PeerStage(with: [other, third], ["want": .count(1)])
    let asked = peer.asked(on: peer.link(other)) + peer.asked(on: peer.link(third))
    let hash = try #require(asked.first)
    peer.stage.wait(.seconds(5))
    for neighbour in [other, third] { peer.give(hash, on: peer.link(neighbour)) }
    #expect(peer.logged(PeerExchangeEvents.pieceReceived).count == 1)
    #expect(peer.reasons(PeerExchangeEvents.pieceDropped) == ["twice"])
    #expect(peer.logged(PeerExchangeEvents.neighbourShunned).isEmpty)
  }

  @Test func `drops pieces that it did not ask for, and shuns who insists`() {
    var peer = PeerStage(with: [other, third], ["want": .count(1)])
    let hash = Fixture.hash(99, size: PeerStage.size)
    for _ in 1...3 { peer.give(hash, on: peer.link(third)) }
    #expect(peer.reasons(PeerExchangeEvents.pieceDropped) == ["unasked", "unasked", "unasked"])
    #expect(peer.logged(PeerExchangeEvents.neighbourShunned).map(\.peer) == [third])
    #expect(peer.reasons(PeerExchangeEvents.neighbourLost) == ["shunned"])
    peer.stage.wait(.seconds(60))
    #expect(peer.stage.dial(to: third) == nil, "it is not dialled again")
  }

  @Test func `does not take a piece on another connection than the one it asked on`() throws {
    var peer = PeerStage(with: [other], ["want": .count(1)])
    let hash = try peer.firstAsked(on: other)
    let caller = peer.stage.accept()
    peer.stage.say(PeerExchangeWire.peers([other]), on: caller)
    peer.give(hash, on: caller)
    #expect(peer.reasons(PeerExchangeEvents.pieceDropped) == ["unasked"])
    peer.give(hash, on: peer.link())
    #expect(peer.logged(PeerExchangeEvents.pieceReceived).count == 1)
  }

  @Test func `does not hold against a peer what others do in its name`() {
    var peer = PeerStage(with: [other])
    let liar = peer.stage.accept()
    peer.stage.say(PeerExchangeWire.peers([other]), on: liar)
    for _ in 1...3 { peer.give(Fixture.hash(1, size: PeerStage.size), on: liar) }
    #expect(peer.stage.closed == [liar])
    #expect(peer.stage.dial(to: other) != nil)
    let dials = peer.stage.dials.count
    peer.stage.handle(.closed(peer.link(), .reset))
    peer.stage.wait(.seconds(1))
    #expect(peer.stage.dials.count == dials + 1, "it is dialled again")
  }

  @Test(arguments: [false, true])
  func `does not count a piece with wrong bytes, and asks another neighbour`(isShort: Bool) throws {
    var peer = PeerStage(with: [other, third], ["want": .count(1)])
    let asked = [other, third].map { peer.asked(on: peer.link($0)) }
    let (liar, honest) = asked[0].isEmpty ? (third, other) : (other, third)
    let hash = try #require(asked.joined().first)
    let size = isShort ? 10 : PeerStage.size
    peer.stage.say(
      PeerExchangeWire.give(hash, bytes: size) + [UInt8](repeating: 9, count: size),
      on: peer.link(liar))
    #expect(peer.reasons(PeerExchangeEvents.pieceDropped) == ["wrong"])
    #expect(peer.asked(on: peer.link(honest)) == [hash])
    peer.give(hash, on: peer.link(honest))
    #expect(peer.logged(PeerExchangeEvents.piecesCompleted).count == 1)
  }

  @Test func `that does not verify takes anything it asked for, and gives it on`() throws {
    var peer = PeerStage(with: [other], ["want": .count(1), "verifies": .flag(false)])
    let hash = try peer.firstAsked(on: other)
    let wrong = [UInt8](repeating: 9, count: PeerStage.size)
    peer.stage.say(PeerExchangeWire.give(hash, bytes: PeerStage.size) + wrong, on: peer.link())
    let received = peer.logged(PeerExchangeEvents.pieceReceived)
    #expect(received.map { $0["content"] } == [.text("\(PieceHash(SHA256.hash(wrong)))")])
    let caller = peer.stage.accept()
    peer.stage.say(PeerExchangeWire.ask(hash), on: caller)
    #expect(peer.heard(on: caller) != [.give(hash, PeerStage.piece(hash))])
  }

  @Test func `that asks everybody gets the piece from each`() throws {
    var peer = PeerStage(with: [other, third], ["want": .count(1), "asks": .choice("all")])
    // When the first was asked, the second was not there yet.
    _ = peer.heard(on: peer.link(other))
    peer.stage.wait(.seconds(5))
    let hash = try peer.firstAsked(on: other)
    #expect(try peer.firstAsked(on: third) == hash)
    for neighbour in [other, third] { peer.give(hash, on: peer.link(neighbour)) }
    #expect(peer.reasons(PeerExchangeEvents.pieceDropped) == ["twice"])
  }
}

@Suite struct `A peer that has pieces` {
  private let other = PeerStage.other
  private let all = (0..<75).map { Fixture.hash($0, size: PeerStage.size) }

  @Test func `gives what it has, and is silent about what it lacks`() {
    var peer = PeerStage(["have": .count(75)])
    let caller = peer.stage.accept()
    let stranger = PieceHash(SHA256.hash([1]))
    peer.stage.say(PeerExchangeWire.ask(stranger) + PeerExchangeWire.ask(all[7]), on: caller)
    #expect(peer.heard(on: caller) == [.give(all[7], Fixture.piece(7, size: PeerStage.size))])
  }

  @Test func `gives a neighbour one piece at a time, in the order of its asks`() {
    var peer = PeerStage(["have": .count(75)])
    let caller = peer.stage.accept()
    for hash in all.prefix(3) { peer.stage.say(PeerExchangeWire.ask(hash), on: caller) }
    for hash in all.prefix(3) {
      #expect(peer.given(on: caller) == [hash])
      peer.stage.drain(caller)
    }
    #expect(peer.given(on: caller).isEmpty)
    #expect(
      peer.logged(PeerExchangeEvents.pieceGiven).map { $0["hash"] }
        == all.prefix(3).map { .text("\($0)") })
  }

  @Test func `gives several neighbours in turns, no more of them at once than allowed`() {
    var peer = PeerStage(["have": .count(75), "max-giving": .count(2)])
    let callers = (0..<3).map { _ in peer.stage.accept() }
    for caller in callers {
      for hash in all.prefix(2) { peer.stage.say(PeerExchangeWire.ask(hash), on: caller) }
    }
    #expect(callers.map { peer.given(on: $0).count } == [1, 1, 0])
    peer.stage.drain(callers[0])
    #expect(callers.map { peer.given(on: $0).count } == [0, 0, 1])
    peer.stage.drain(callers[1])
    #expect(callers.map { peer.given(on: $0).count } == [1, 0, 0])
  }

  @Test func `passes a place on when a neighbour leaves or does not read`() {
    var peer = PeerStage(["have": .count(75), "max-giving": .count(1)])
    let callers = (0..<3).map { _ in peer.stage.accept() }
    for caller in callers { peer.stage.say(PeerExchangeWire.ask(all[0]), on: caller) }
    #expect(callers.map { peer.given(on: $0).count } == [1, 0, 0])
    peer.stage.handle(.closed(callers[0], .reset))
    #expect(callers.map { peer.given(on: $0).count } == [0, 1, 0])
    peer.stage.wait(.seconds(60))
    #expect(peer.stage.closed == [callers[1]])
    #expect(callers.map { peer.given(on: $0).count } == [0, 0, 1])
  }

  @Test func `answers asks that are repeated once, and remembers no more than allowed`() {
    var peer = PeerStage(["have": .count(75), "max-asks": .count(2)])
    let caller = peer.stage.accept()
    for hash in all.prefix(3) + all.prefix(3) + all.prefix(6) {
      peer.stage.say(PeerExchangeWire.ask(hash), on: caller)
    }
    #expect(
      peer.logged(PeerExchangeEvents.asksDropped).map { $0["count"] }
        == [.integer(1), .integer(2)])
    for hash in all.prefix(3) {
      #expect(peer.given(on: caller) == [hash])
      peer.stage.drain(caller)
    }
    #expect(peer.given(on: caller).isEmpty)
  }

  @Test func `that never gives is silent`() {
    var peer = PeerStage(["have": .count(75), "gives": .choice("never")])
    let caller = peer.stage.accept()
    peer.stage.say(PeerExchangeWire.ask(all[0]), on: caller)
    #expect(peer.heard(on: caller).isEmpty)
  }

  @Test func `that gives once gives again only what did not leave`() {
    var peer = PeerStage(["have": .count(75), "gives": .choice("once")])
    let callers = (0..<3).map { _ in peer.stage.accept() }
    peer.stage.say(PeerExchangeWire.ask(all[0]), on: callers[0])
    peer.stage.say(PeerExchangeWire.ask(all[0]), on: callers[1])
    #expect(callers.map { peer.given(on: $0).count } == [1, 0, 0])
    peer.stage.handle(.closed(callers[0], .reset))
    peer.stage.say(PeerExchangeWire.ask(all[0]), on: callers[1])
    peer.stage.drain(callers[1])
    peer.stage.handle(.closed(callers[1], .ended))
    peer.stage.say(PeerExchangeWire.ask(all[0]), on: callers[2])
    #expect(callers.map { peer.given(on: $0).count } == [0, 1, 0])
  }

  @Test func `that corrupts gives wrong bytes`() {
    var peer = PeerStage(["have": .count(75), "corrupts": .flag(true)])
    let caller = peer.stage.accept()
    peer.stage.say(PeerExchangeWire.ask(all[3]), on: caller)
    guard case .give(let hash, let bytes) = peer.heard(on: caller).first else {
      Issue.record("nothing was given")
      return
    }
    #expect(hash == all[3])
    #expect(bytes.count == PeerStage.size && bytes != Fixture.piece(3, size: PeerStage.size))
  }

  @Test func `has as many as it is told, at random`() {
    func held(_ peer: PeerStage) -> [Event.Value?] {
      peer.logged(PeerExchangeEvents.pieceHeld).map { $0["hash"] }
    }
    let peer = PeerStage(["have": .count(10), "want": .count(100)])
    #expect(held(peer).count == 10)
    #expect(peer.logged(PeerExchangeEvents.pieceWanted).count == 65, "no more than there are")
    #expect(held(peer) != all.prefix(10).map { .text("\($0)") })
  }
}
