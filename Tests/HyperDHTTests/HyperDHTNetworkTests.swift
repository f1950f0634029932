import Faults
import HyperDHT
import ParticipantTesting
import Participants
import Testing
import Topology

/// Whole HyperDHT networks in virtual time.
@Suite struct HyperDHTNetworkTests {
  private static func run(
    seed: UInt64, nodes: Int, killed: Int = 0
  ) -> SimulatedNetwork {
    let planned = (1...nodes).map { number in
      PlannedNode(
        name: "node-\(number)", group: "node", role: "hyperdht-node", options: work,
        addresses: ["bootstrap": ["node-1"]], delay: .milliseconds(20) * number)
    }
    let faults = (0..<killed).map { Fault(.kill, "node-\(2 + $0)", at: .seconds(4)) }
    return SimulatedNetwork(
      Plan(network: "hyperdht", seed: seed, nodes: planned, faults: faults, stopAt: .seconds(12)),
      roles: HyperDHTRoles.all)
  }

  private static let work = [
    "announce-count": "2", "announce-interval": "2s", "join-retry": "1s", "lookup-count": "10",
    "start-delay": "3s", "keys": "10", "lookup-interval": "500ms",
  ]

  /// What came of the lookups.
  private static func lookups(in network: SimulatedNetwork) -> [Event] {
    network.logged(HyperDHTEvents.queryFinished).map(\.event).filter {
      $0["purpose"] == .text("lookup")
    }
  }

  @Test("every node finds others by key, in few steps", arguments: 0..<2)
  func finding(seed: UInt64) {
    let lookups = Self.lookups(in: Self.run(seed: seed, nodes: 60))
    #expect(lookups.count == 600)
    // The first ones may come before the announcements.
    #expect(lookups.filter { $0.integer("peers") >= 4 }.count > 500)
    #expect(lookups.allSatisfy { $0.integer("steps") <= 7 })
  }

  @Test("with a fifth of the nodes dead, lookups still find peers")
  func dead() {
    let lookups = Self.lookups(in: Self.run(seed: 3, nodes: 60, killed: 12))
    #expect(lookups.suffix(200).allSatisfy { $0.integer("peers") >= 1 })
  }

  @Test("the same seed gives the same run")
  func replay() {
    func digest(_ seed: UInt64) -> String { Self.run(seed: seed, nodes: 20).digest }
    #expect(digest(5) == digest(5))
    #expect(digest(5) != digest(6))
  }
}
