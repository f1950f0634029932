import Faults
import Gossip
import ParticipantTesting
import Participants
import Testing
import Topology

/// Whole gossip networks in virtual time: what the network promises, under many seeds.
@Suite struct GossipNetworkTests {
  @Test("every text reaches every peer that was linked, once", arguments: 0..<8)
  func gossipReachesEveryone(seed: UInt64) {
    let network = SimulatedNetwork(seed: seed, peers: 25, lasting: .seconds(15))
    #expect(network.logged(GossipEvents.gossipSent).count == 100)
    for peer in 1...25 {
      let received = network.logged(GossipEvents.gossipReceived).filter {
        $0.node == "peer-\(peer)"
      }
      #expect(received.count == 96, "peer-\(peer) got each text of the others once, seed \(seed)")
    }
  }

  @Test("links stay one network through deaths, and slots are used again", arguments: 0..<8)
  func linksAreConnected(seed: UInt64) {
    var random = SeededGenerator(seed: seed, stream: "victims")
    let gone = Set((1...30).map { "peer-\($0)" }.shuffled(using: &random).prefix(8))
    let network = SimulatedNetwork(
      seed: seed, peers: 30,
      faults: gone.sorted().map { Fault(.kill, $0, at: .seconds(10)) },
      lasting: .seconds(30))
    let links = network.links(at: .seconds(30), gone: gone)
    #expect(links.count == 22)
    for (peer, neighbours) in links {
      #expect(SimulatedNetwork.reachable(from: peer, links).count == 22, "seed \(seed)")
      #expect(neighbours.count <= 6, "\(peer) keeps to its limit and the two spare slots")
      #expect(neighbours.allSatisfy { links[$0]?.contains(peer) == true }, "both ends agree")
    }
  }

  @Test(
    "a killed peer is reported by every neighbour to every seed, which drops it", arguments: 0..<8)
  func theDeadAreReported(seed: UInt64) {
    let victim = "peer-\(1 + Int(seed) % 12)"
    let network = SimulatedNetwork(
      seed: seed, peers: 12, faults: [Fault(.kill, victim, at: .seconds(8))],
      lasting: .seconds(13))
    let neighbours = network.links(at: .milliseconds(7_999))[victim] ?? []
    #expect(!neighbours.isEmpty)
    let reports = network.logged(GossipEvents.deadReported)
    for neighbour in neighbours {
      let told = reports.filter { $0.node == neighbour && network.name($0.event.peer) == victim }
      #expect(Set(told.compactMap { $0.event["seed"] }.map { "\($0)" }).count == 3)
    }
    for seedNode in ["seed-1", "seed-2", "seed-3"] {
      let words = network.events
        .filter { $0.node == seedNode && network.name($0.event.peer) == victim }.map(\.event.kind)
        .filter { $0 == GossipEvents.peerRegistered.name || $0 == GossipEvents.peerRemoved.name }
      #expect(words.last != GossipEvents.peerRegistered.name, "\(seedNode) dropped it")
    }
    #expect(reports.allSatisfy { network.name($0.event.peer) == victim })
  }

  @Test(
    "a frozen peer is reported for its silence, and joins again when it wakes", arguments: 0..<5)
  func aFrozenPeerIsReported(seed: UInt64) {
    let network = SimulatedNetwork(
      seed: seed, peers: 12,
      faults: [Fault(.pause, "peer-4", at: .seconds(8), lasting: .seconds(6))],
      lasting: .seconds(25))
    let reports = network.logged(GossipEvents.deadReported)
    #expect(!reports.isEmpty)
    #expect(reports.allSatisfy { network.name($0.event.peer) == "peer-4" && $0.at < .seconds(15) })
    let misses = network.logged(GossipEvents.livenessMissed)
    #expect(misses.contains { network.name($0.event.peer) == "peer-4" })
    let links = network.links(at: .seconds(25))
    #expect(SimulatedNetwork.reachable(from: "peer-4", links).count == 12, "seed \(seed)")
  }

  @Test("a peer that freezes for less than the tolerance is not reported", arguments: 0..<5)
  func aShortFreezeIsTolerated(seed: UInt64) {
    // A request fails a second after it was sent, the first within 1.5 s; a third, 2 s at least.
    let pause = Fault(
      .pause, "peer-4", at: .seconds(8), lasting: .milliseconds(1_900))
    let network = SimulatedNetwork(seed: seed, peers: 12, faults: [pause], lasting: .seconds(15))
    #expect(network.logged(GossipEvents.deadReported).isEmpty)
    #expect(network.logged(GossipEvents.peerSuspected).isEmpty)
    #expect(!network.logged(GossipEvents.livenessMissed).isEmpty)
  }

  @Test(
    "after a partition every peer is linked again, and listed by the seeds it chose",
    arguments: 0..<8)
  func partitionsHeal(seed: UInt64) {
    let (inside, outside) = ((1...4).map { "peer-\($0)" }, (5...16).map { "peer-\($0)" })
    let cut = Fault(
      id: 1, action: .partition, between: inside, and: outside + ["seed-1", "seed-2", "seed-3"],
      at: .seconds(5), lasting: .seconds(8))
    let network = SimulatedNetwork(seed: seed, peers: 16, faults: [cut], lasting: .seconds(40))
    #expect(network.logged(GossipEvents.peerRemoved).contains { $0.at < .seconds(13) })
    let links = network.links(at: .seconds(40))
    #expect(SimulatedNetwork.reachable(from: "peer-1", links).count == 16)
    for peer in inside + outside {
      let held = network.lastWords(GossipEvents.seedRegistered, GossipEvents.seedLost, of: peer)
      #expect(!held.isEmpty)
      for seedNode in held {
        let listed = network.lastWords(
          GossipEvents.peerRegistered, GossipEvents.peerRemoved, of: seedNode)
        #expect(listed.contains(peer), "\(seedNode) lists \(peer), seed \(seed)")
      }
    }
  }

  @Test("a peer told not to report says nothing")
  func silence() {
    let network = SimulatedNetwork(
      seed: 1, peers: 8, options: ["report-dead": "false"],
      faults: [Fault(.kill, "peer-3", at: .seconds(5))], lasting: .seconds(10))
    #expect(network.logged(GossipEvents.deadReported).isEmpty)
    #expect(!network.logged(GossipEvents.peerSuspected).isEmpty)
  }

  @Test("the same seed gives the same events, another seed others")
  func determinism() {
    func digest(_ seed: UInt64) -> String {
      let kill = Fault(.kill, "peer-5", at: .seconds(3))
      return SimulatedNetwork(seed: seed, peers: 10, faults: [kill], lasting: .seconds(6)).digest
    }
    #expect(digest(7) == digest(7))
    #expect(digest(7) != digest(8))
  }

  @Test("every event has a documented kind and only documented fields")
  func documentedEvents() throws {
    let network = SimulatedNetwork(
      seed: 3, peers: 12,
      faults: [
        Fault(.kill, "peer-2", at: .seconds(4)),
        Fault(.pause, "peer-3", at: .seconds(4)),
      ], lasting: .seconds(10))
    let told = network.described(by: GossipEvents.all + CommonEvents.all)
    #expect(told.count > 200)
    for (event, kind) in told {
      let kind = try #require(kind, "\(event.kind) is not documented")
      #expect(event.peer == nil || kind.peer != nil, "\(event.kind) has a peer")
      #expect(Set(event.fields.map(\.name)).isSubset(of: Set(kind.fields.map(\.name))), "\(event)")
    }
  }
}
