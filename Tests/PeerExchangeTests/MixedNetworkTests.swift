import ParticipantTesting
import Participants
import PeerExchange
import Testing
import Topology

/// Ours among originals, who pass on ports alone, list themselves anywhere, and never forget.
@Suite struct `Among originals, peers` {
  private static let text = """
    network: pex
    groups:
      first: { role: original, count: 1, listen: '::1' }
      original:
        count: 5
        after: first
        every: 10ms
        listen: '::1'
        options: { bootstrap: first-1 }
      ours:
        role: peer
        count: 6
        after: original
        every: 30ms
        listen: [127.0.0.1, '::1']
        options:
          bootstrap: first-1
          piece-size: 1024
          # More than originals have: the rest is to be had from one another.
          catalogue: 120
          have: 100
          want: 20
          exchange-interval: 1s
          ask-timeout: 300ms
          ask-again: 2s
      home: { role: original, count: 1, after: ours, listen: '::1', options: { bootstrap: ours-1 } }
    faults:
      - { at: 15s, kill: original-2 }
      - { at: 16s, kill: ours-3 }
      - { at: 90s, restart: original-2 }
      - { at: 91s, restart: ours-3 }
    stop: { at: 150s }
    """

  private func network(seed: UInt64) throws -> SimulatedNetwork {
    let roles = PeerExchangeRoles.all + [SimulatedOriginal.role]
    let topology = try Topology(
      TopologyFile(path: "test.yaml", text: Self.text), roles: roles, checks: nil)
    return SimulatedNetwork(topology.plan(seed: seed), roles: roles)
  }

  private let ours = (1...6).map { "ours-\($0)" }

  @Test(arguments: 0..<6)
  func `know who is who, find one another, and forget the dead until they are back`(
    seed: UInt64
  ) throws {
    let network = try network(seed: seed)
    try checkNames(network)
    checkFindings(network)
    checkForgetting(network)
  }

  /// Those who dialled in are named rightly or not at all.
  private func checkNames(_ network: SimulatedNetwork) throws {
    let links = network.logged(PeerExchangeEvents.neighbourLinked)
    let accepted = links.filter { $0.event["direction"] == "accepted" }
    #expect(accepted.count >= 6 * 5)
    for link in accepted {
      let name = network.name(link.event.peer)
      #expect(ours.contains(name), "nobody knows which original dialled")
      #expect(
        links.contains {
          $0.node == name && $0.event["direction"] == "dialled" && $0.at <= link.at
            && network.name($0.event.peer) == link.node
        }, "\(name) did not dial \(link.node)")
    }
    let given = network.logged(PeerExchangeEvents.pieceGiven)
    let came =
      network.logged(PeerExchangeEvents.pieceReceived)
      + network.logged(PeerExchangeEvents.pieceDropped)
    #expect(given.contains { $0.event.peer == nil }, "originals ask too")
    for gift in given {
      guard let peer = gift.event.peer else { continue }
      #expect(
        came.contains {
          $0.node == network.name(peer) && $0.event["hash"] == gift.event["hash"]
            && network.name($0.event.peer) == gift.node
        }, "\(network.name(peer)) got no such piece from \(gift.node)")
    }
    #expect(given.contains { $0.event.peer != nil })
  }

  /// All find one another, and get what they want.
  private func checkFindings(_ network: SimulatedNetwork) {
    for node in ours {
      let found = network.logged(PeerExchangeEvents.neighbourLinked, by: node)
        .filter { $0["direction"] == "dialled" }.map { network.name($0.peer) }
      // Itself too, where an original has told it of its own port.
      let all = ours + (1...5).map { "original-\($0)" } + ["first-1", "home-1"]
      #expect(Set(found + [node]) == Set(all))
      #expect(!network.logged(PeerExchangeEvents.piecesCompleted, by: node).isEmpty)
      let own = network.logged(PeerExchangeEvents.neighbourLost, by: node)
        .count { $0["reason"] == "own" }
      #expect(own <= 2, "it dials itself once a life at most")
    }
  }

  /// The dead whom originals go on naming are forgotten, and found when they are back.
  private func checkForgetting(_ network: SimulatedNetwork) {
    for node in ours where node != "ours-3" {
      for (dead, back) in [("original-2", 90), ("ours-3", 91)] {
        func times(_ kind: EventKind) -> [Microseconds] {
          network.logged(kind).filter { $0.node == node && network.name($0.event.peer) == dead }
            .map(\.at)
        }
        let gone = Microseconds.seconds(17)...(.seconds(Int64(back)))
        let forgotten = times(PeerExchangeEvents.addressForgotten).filter(gone.contains)
        #expect((1...6).contains(forgotten.count), "\(node) \(dead): \(forgotten)")
        #expect(times(PeerExchangeEvents.addressLearned).count(where: gone.contains) <= 6)
        #expect(
          times(PeerExchangeEvents.neighbourLinked).contains { $0 > .seconds(Int64(back)) },
          "\(node) does not find \(dead) again")
      }
    }
  }

  @Test func `have one history for one seed`() throws {
    #expect(try network(seed: 3).digest == network(seed: 3).digest)
  }
}
