import Kademlia
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
    let network = SimulatedKademlia(
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
    #expect(found.allSatisfy { SimulatedKademlia.integer($0.event, "steps") <= 6 })
  }

  @Test("the dead leave every table, and their values are stored again", arguments: 0..<3)
  func deaths(seed: UInt64) {
    var random = SeededGenerator(seed: seed, stream: "victims")
    let gone = (2...30).shuffled(using: &random).prefix(10)
    let network = SimulatedKademlia(
      seed: seed, nodes: 30,
      options: ["get-count": "30"], special: [1: Self.publisher],
      faults: gone.map { SimulatedKademlia.kill($0, at: .seconds(4)) }, lasting: .seconds(16))
    let dead = Set(gone.map { network.address(of: "node-\($0)") })
    let living = network.tables.filter { name, _ in !gone.contains { "node-\($0)" == name } }
    #expect(living.count == 20)
    for (node, table) in living {
      #expect(!table.contains { dead.contains($0.description) }, "\(node), seed \(seed)")
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
    let (inside, outside) = ((2...7).map { "node-\($0)" }, [1] + (8...20))
    let cut = PlannedFault(
      id: 1, action: .partition, at: .seconds(2), lasting: .seconds(8),
      network: NetworkFault(from: inside, to: outside.map { "node-\($0)" }))
    let network = SimulatedKademlia(seed: seed, nodes: 20, faults: [cut], lasting: .seconds(18))
    let evicted = network.logged(KademliaEvents.contactEvicted).filter { $0.at < .seconds(10) }
    #expect(evicted.contains { inside.contains($0.node) }, "the cut was noticed")
    let others = Set(outside.map { network.address(of: "node-\($0)") })
    for node in inside {
      let known = (network.tables[node] ?? []).filter { others.contains($0.description) }
      #expect(known.count > 3, "\(node) knows \(known.count) of the others, seed \(seed)")
    }
  }

  @Test("a network that loses and repeats datagrams still finds its values", arguments: 0..<3)
  func loss(seed: UInt64) {
    var model = NetworkModel()
    model.datagramLoss = 50_000
    model.datagramDuplication = 20_000
    let network = SimulatedKademlia(
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
    let network = SimulatedKademlia(
      seed: 1, nodes: 300, options: Self.idle, special: [7: Self.publisher], lasting: .seconds(3))
    let lookups = network.logged(KademliaEvents.lookupFinished)
    #expect(lookups.count > 1_000)
    #expect(lookups.allSatisfy { SimulatedKademlia.integer($0.event, "steps") <= 9 })
  }

  @Test("the same seed gives the same events, another seed others")
  func determinism() {
    func digest(_ seed: UInt64) -> String {
      SimulatedKademlia(
        seed: seed, nodes: 20, options: ["get-count": "5", "put-count": "2"],
        faults: [SimulatedKademlia.kill(5, at: .seconds(3))], lasting: .seconds(6)
      ).digest
    }
    #expect(digest(7) == digest(7))
    #expect(digest(7) != digest(8))
  }

  @Test("every event has a documented kind and only documented fields")
  func documentedEvents() {
    let network = SimulatedKademlia(
      seed: 3, nodes: 20, options: ["get-count": "10", "put-count": "2", "value-lifetime": "4s"],
      faults: [SimulatedKademlia.kill(5, at: .seconds(3))], lasting: .seconds(15))
    let kinds = Dictionary(uniqueKeysWithValues: KademliaEvents.all.map { ($0.name, $0) })
    let own = network.events.filter {
      !["node", "run", "fault", "usage"].contains($0.event.kind.prefix { $0 != "." })
    }
    #expect(Set(own.map(\.event.kind)).count > 8)
    for (_, _, event) in own {
      guard let kind = kinds[event.kind] else {
        Issue.record("\(event.kind) is not documented")
        continue
      }
      #expect(event.peer == nil || kind.peer != nil, "\(event.kind) has a peer")
      #expect(Set(event.fields.map(\.name)).isSubset(of: Set(kind.fields.map(\.name))), "\(event)")
    }
  }
}
