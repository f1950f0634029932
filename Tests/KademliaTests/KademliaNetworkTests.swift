import Faults
import Kademlia
import ParticipantTesting
import Participants
import Testing
import Topology

/// Whole Kademlia networks in virtual time: what the network promises, under many seeds.
@Suite struct KademliaNetworkTests {
  private static let publisher = [
    "put-count": "10", "put-interval": "50ms", "start-delay": "100ms",
  ]
  /// For networks that need no upkeep: little else happens than what is looked at.
  private static let idle = [
    "ping-interval": "1h", "refresh-interval": "1h", "republish-interval": "1h", "get-count": "4",
  ]

  @Test("what one node set, every other finds, in few steps", arguments: 0..<3)
  func everybodyFinds(seed: UInt64) {
    let network = SimulatedNetwork(
      seed: seed, nodes: 60, options: Self.idle.merging(["start-delay": "3s"]) { $1 },
      special: [7: Self.publisher], lasting: .seconds(5))
    #expect(network.logged(KademliaEvents.joined).count == 60)
    let put = Set(network.logged(KademliaEvents.put).map { "\($0.event["key"], default: "")" })
    let found = network.logged(KademliaEvents.found, after: .seconds(1))
    let missing = network.logged(KademliaEvents.missing, after: .seconds(1))
    #expect(found.count + missing.count == 236)
    #expect(found.allSatisfy { put.contains("\($0.event["key"], default: "")") })
    #expect(missing.allSatisfy { !put.contains("\($0.event["key"], default: "")") })
    #expect(found.count > 100)
    #expect(found.allSatisfy { $0.event.integer("steps") <= 6 })
  }

  @Test("the dead leave every table, and their values are stored again", arguments: 0..<3)
  func deaths(seed: UInt64) {
    var random = SeededGenerator(seed: seed, stream: "victims")
    let gone = Set((2...30).map { "node-\($0)" }.shuffled(using: &random).prefix(10))
    let network = SimulatedNetwork(
      seed: seed, nodes: 30,
      options: ["get-count": "30"], special: [1: Self.publisher],
      faults: gone.sorted().map { Fault(.kill, $0, at: .seconds(4)) }, lasting: .seconds(16))
    let living = network.tables.filter { !gone.contains($0.key) }
    #expect(living.count == 20)
    for (node, table) in living {
      #expect(table.isDisjoint(with: gone), "\(node), seed \(seed)")
      #expect(table.count > 8)
    }
    let put = Set(network.logged(KademliaEvents.put).map { "\($0.event["key"], default: "")" })
    #expect(
      !network.logged(KademliaEvents.missing, after: .seconds(2)).contains {
        put.contains("\($0.event["key"], default: "")")
      }, "seed \(seed)")
  }

  @Test("the two sides of a partition find each other again", arguments: 0..<3)
  func partitions(seed: UInt64) {
    let (inside, outside) = ((2...7).map { "node-\($0)" }, (8...20).map { "node-\($0)" })
    let cut = Fault(
      id: 1, action: .partition, between: inside, and: outside + ["node-1"], at: .seconds(2),
      lasting: .seconds(8))
    let network = SimulatedNetwork(seed: seed, nodes: 20, faults: [cut], lasting: .seconds(18))
    let evicted = network.logged(KademliaEvents.contactEvicted).filter { $0.at < .seconds(10) }
    #expect(evicted.contains { inside.contains($0.node) }, "the cut was noticed")
    for node in inside {
      let known = (network.tables[node] ?? []).intersection(outside + ["node-1"])
      #expect(known.count > 3, "\(node) knows \(known.count) of the others, seed \(seed)")
    }
  }

  @Test("a network that loses and repeats datagrams still finds its values", arguments: 0..<3)
  func loss(seed: UInt64) {
    var model = NetworkModel()
    model.datagramLoss = 50_000
    model.datagramDuplication = 20_000
    let network = SimulatedNetwork(
      seed: seed, nodes: 30, options: ["get-count": "10", "start-delay": "3s"],
      special: [3: Self.publisher], model: model, lasting: .seconds(10))
    let put = Set(network.logged(KademliaEvents.put).map { "\($0.event["key"], default: "")" })
    #expect(!put.isEmpty)
    let missing = network.logged(KademliaEvents.missing, after: .seconds(2)).filter {
      put.contains("\($0.event["key"], default: "")")
    }
    #expect(network.logged(KademliaEvents.found).count > 100)
    #expect(missing.isEmpty, "seed \(seed)")
  }

  @Test("lookups take no more steps than the logarithm of the number of nodes, among hundreds")
  func steps() {
    let network = SimulatedNetwork(
      seed: 1, nodes: 300, options: Self.idle, special: [7: Self.publisher], lasting: .seconds(3))
    let lookups = network.logged(KademliaEvents.lookupFinished)
    #expect(lookups.count > 1_000)
    #expect(lookups.allSatisfy { $0.event.integer("steps") <= 9 })
  }

  @Test("the same seed gives the same events, another seed others")
  func determinism() {
    func digest(_ seed: UInt64) -> String {
      SimulatedNetwork(
        seed: seed, nodes: 20, options: ["get-count": "5", "put-count": "2"],
        faults: [Fault(.kill, "node-5", at: .seconds(3))], lasting: .seconds(6)
      ).digest
    }
    #expect(digest(7) == digest(7))
    #expect(digest(7) != digest(8))
  }

  @Test("every event has a documented kind and only documented fields")
  func documentedEvents() throws {
    let network = SimulatedNetwork(
      seed: 3, nodes: 20, options: ["get-count": "10", "put-count": "2", "value-lifetime": "4s"],
      faults: [Fault(.kill, "node-5", at: .seconds(3))], lasting: .seconds(15))
    let told = network.described(by: KademliaEvents.all)
    #expect(Set(told.map(\.event.kind)).count > 8)
    for (event, kind) in told {
      let kind = try #require(kind, "\(event.kind) is not documented")
      #expect(event.peer == nil || kind.peer != nil, "\(event.kind) has a peer")
      #expect(Set(event.fields.map(\.name)).isSubset(of: Set(kind.fields.map(\.name))), "\(event)")
    }
  }
}
