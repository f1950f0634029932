import HyperDHT
import Participants
import Simulator
import Testing
import Topology

/// Whole HyperDHT networks in virtual time.
@Suite struct HyperDHTNetworkTests {
  private final class Sink: EventSink {
    var events: [(node: String, event: Event)] = []

    func take(_ event: Event, line: [UInt8], of node: String, at: Instant) {
      events.append((node, event))
    }
  }

  private static func run(
    seed: UInt64, nodes: Int, options: [String: String], killed: Int = 0
  ) -> (events: [(node: String, event: Event)], digest: String) {
    let planned = (1...nodes).map { number in
      PlannedNode(
        name: "node-\(number)", group: "node", role: "hyperdht-node", options: options,
        addresses: ["bootstrap": ["node-1"]], delay: .milliseconds(20) * number)
    }
    let faults = (0..<killed).map {
      PlannedFault(id: $0 + 1, action: .kill, node: "node-\(2 + $0)", at: .seconds(4))
    }
    let sink = Sink()
    let plan = Plan(
      network: "hyperdht", seed: seed, nodes: planned, faults: faults, stopAt: .seconds(12),
      networkModel: NetworkModel())
    let digest = Simulation(plan: plan, roles: HyperDHTRoles.all, version: "test", sink: sink)
      .run().digest
    return (sink.events, digest)
  }

  private static func integer(_ event: Event, _ field: String) -> Int64 {
    guard case .integer(let value) = event[field] else { return -1 }
    return value
  }

  private static let work = [
    "announce-count": "2", "announce-interval": "2s", "join-retry": "1s", "lookup-count": "10",
    "start-delay": "3s",
    "keys": "10", "lookup-interval": "500ms",
  ]

  @Test("every node finds others by key, in few steps", arguments: 0..<2)
  func finding(seed: UInt64) {
    let (events, _) = Self.run(seed: seed, nodes: 60, options: Self.work)
    let lookups = events.map(\.event).filter {
      $0.kind == HyperDHTEvents.queryFinished.name && $0["purpose"] == .text("lookup")
    }
    #expect(lookups.count == 600)
    // The first ones may come before the announcements.
    #expect(lookups.filter { Self.integer($0, "peers") >= 4 }.count > 500)
    #expect(lookups.allSatisfy { Self.integer($0, "steps") <= 7 })
  }

  @Test("with a fifth of the nodes dead, lookups still find peers")
  func dead() {
    let (events, _) = Self.run(seed: 3, nodes: 60, options: Self.work, killed: 12)
    let lookups = events.map(\.event).filter {
      $0.kind == HyperDHTEvents.queryFinished.name && $0["purpose"] == .text("lookup")
    }
    #expect(lookups.suffix(200).allSatisfy { Self.integer($0, "peers") >= 1 })
  }

  @Test("the same seed gives the same run")
  func replay() {
    let options = Self.work
    #expect(
      Self.run(seed: 5, nodes: 20, options: options).digest
        == Self.run(seed: 5, nodes: 20, options: options).digest)
    #expect(
      Self.run(seed: 5, nodes: 20, options: options).digest
        != Self.run(seed: 6, nodes: 20, options: options).digest)
  }
}
