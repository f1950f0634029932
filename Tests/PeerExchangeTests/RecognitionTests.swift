import Hashing
import ParticipantTesting
import Participants
import PeerExchange
import Testing

/// Who is at the other end of a connection that was accepted.
@Suite struct `A peer that is dialled` {
  private let own = PeerStage.own
  private let other = PeerStage.other
  private let third = PeerStage.third
  private let pieces = (0..<75).map { Fixture.hash($0, size: PeerStage.size) }

  private func accepted(_ peer: PeerStage) -> [Address?] {
    peer.logged(PeerExchangeEvents.neighbourLinked).filter { $0["direction"] == "accepted" }
      .map(\.peer)
  }

  @Test(arguments: [[0, 1], [1, 0]])
  func `does not take an original for one that it tells of`(order: [Int]) {
    var peer = PeerStage(with: [other, third], ["have": .count(75)])
    let caller = peer.stage.accept()
    peer.stage.say(PeerExchangeWire.peers(order.map { [other, third][$0] }), on: caller)
    peer.stage.say(PeerExchangeWire.ask(pieces[0]), on: caller)
    peer.stage.drain(caller)
    peer.stage.say([255, 255, 255, 255, 1], on: caller)
    #expect(accepted(peer).isEmpty)
    #expect(peer.logged(PeerExchangeEvents.pieceGiven).map(\.peer) == [nil])
    #expect(
      peer.logged(PeerExchangeEvents.pieceGiven).first?["connection"]
        == .integer(Int64(caller.number)))
    #expect(peer.logged(PeerExchangeEvents.bytesRejected).map(\.peer) == [nil])
    #expect(peer.logged(PeerExchangeEvents.neighbourLost).isEmpty)
  }

  @Test func `says nothing to an original but what that passes over or knows`() {
    var peer = PeerStage(with: [other])
    let said = Reading(pieceSize: PeerStage.size, [peer.stage.heard(on: peer.link())]).messages
    #expect(said.count == 2)
    #expect(said.first == .peers([own, other]))
    guard case .ask(let hash) = said.last else {
      Issue.record("\(said)")
      return
    }
    #expect(!pieces.contains(hash))
    let caller = peer.stage.accept()
    peer.stage.say(PeerExchangeWire.peers([third, other]), on: caller)
    peer.connect(third)
    #expect(peer.heard(on: caller).isEmpty)
    #expect(peer.heard(on: peer.link(other)).isEmpty)
  }

  @Test func `knows who dialled when the one that it dialled itself proves it`() throws {
    var peer = PeerStage(with: [other], ["have": .count(75)])
    let caller = peer.call(from: other)
    #expect(accepted(peer).isEmpty)
    try peer.prove(other, on: caller)
    #expect(accepted(peer) == [other])
    peer.stage.say(PeerExchangeWire.ask(pieces[0]), on: caller)
    peer.stage.drain(caller)
    #expect(peer.logged(PeerExchangeEvents.pieceGiven).map(\.peer) == [other])
    peer.stage.handle(.closed(caller, .reset))
    #expect(peer.logged(PeerExchangeEvents.neighbourLost).map(\.peer) == [other])
  }

  @Test(arguments: [false, true])
  func `proves to whom it dialled what it was told`(isDialledFirst: Bool) {
    var peer = PeerStage(isDialledFirst ? ["bootstrap": .addresses([other.description])] : [:])
    if isDialledFirst { peer.connect(other) }
    _ = peer.call(from: other)
    if !isDialledFirst { peer.connect(other) }
    let proof = PeerStage.proof(of: PeerStage.token(1), port: own.port)
    #expect(peer.heard(on: peer.link()).contains(.ask(proof)))
  }

  @Test func `does not take a liar for the peer that it says to be`() throws {
    var peer = PeerStage(with: [other, third])
    let token = try peer.token(on: peer.link(other))
    let liar = peer.call(from: other)
    for hash in [
      // The token of the liar's own, of which the other knows nothing; and the third's proof.
      PeerStage.proof(of: PeerStage.token(1), port: other.port),
      PeerStage.proof(of: token, port: third.port),
    ] { peer.stage.say(PeerExchangeWire.ask(hash), on: liar) }
    #expect(accepted(peer).isEmpty)
    // Nor may it let others prove too much.
    _ = peer.heard(on: peer.link(other))
    for number: UInt8 in 2...9 {
      peer.stage.say(PeerExchangeWire.ask(PeerStage.token(number)), on: liar)
    }
    #expect(peer.heard(on: peer.link(other)).isEmpty)
  }

  @Test func `recognises itself at an address that it did not know to be its own`() throws {
    let alias = Address(host: "::1", port: own.port)
    var peer = PeerStage(with: [other, alias])
    let (dialled, token) = (peer.link(alias), try peer.token(on: peer.link(alias)))
    let accepted = peer.stage.accept()
    peer.stage.say(PeerExchangeWire.peers([own]) + PeerExchangeWire.ask(token), on: accepted)
    #expect(peer.stage.closed == [dialled, accepted])
    #expect(peer.reasons(PeerExchangeEvents.neighbourLost) == ["own"])
    _ = peer.heard(on: peer.link(other))
    peer.stage.say(PeerExchangeWire.peers([alias]), on: peer.link(other))
    peer.stage.wait(.seconds(20))
    #expect(peer.stage.dial(to: alias) == nil, "it is not dialled again")
    #expect(peer.heard(on: peer.link(other)).first == .peers([own, other]))
  }

  @Test func `keeps one of two connections to a peer that it found at two addresses`() throws {
    let alias = Address(host: "::1", port: other.port)
    var peer = PeerStage(with: [other])
    peer.stage.say(PeerExchangeWire.peers([alias]), on: peer.stage.accept())
    peer.connect(alias)
    let caller = peer.call(from: other)
    let dialled = peer.link(alias)
    try peer.prove(alias, on: caller)
    try peer.prove(other, on: caller)
    #expect(peer.stage.closed == [dialled])
    #expect(peer.reasons(PeerExchangeEvents.neighbourLost) == ["double"])
    peer.stage.say(PeerExchangeWire.peers([alias]), on: peer.link(other))
    peer.stage.wait(.seconds(20))
    #expect(peer.stage.dial(to: alias) == nil, "it is not dialled again")
    // Where the other is gone, somebody else may have the address.
    peer.stage.handle(.closed(caller, .reset))
    #expect(peer.logged(PeerExchangeEvents.neighbourLost).last?.peer == other)
  }

  @Test func `asks on a nameless connection only while nothing it may be from can be dialled`() {
    var peer = PeerStage(["want": .count(1)])
    let caller = peer.stage.accept()
    for _ in 1...5 {
      peer.stage.say(PeerExchangeWire.peers([third, other]), on: caller)
      if let dial = peer.stage.dial(to: other) { peer.stage.handle(.closed(dial, .refused)) }
      if peer.stage.dial(to: third) != nil { peer.connect(third) }
      peer.stage.wait(.seconds(10))
    }
    #expect(peer.heard(on: caller).isEmpty, "it may be the third")
    peer.stage.handle(.closed(peer.link(third), .reset))
    peer.stage.wait(.seconds(10))
    if let dial = peer.stage.dial(to: third) { peer.stage.handle(.closed(dial, .refused)) }
    peer.stage.wait(.seconds(10))
    let said = peer.heard(on: caller)
    #expect(said.first == .peers([own]))
    #expect(said.count == 2)
    #expect(peer.logged(PeerExchangeEvents.pieceAsked).last?.peer == nil)
  }
}
