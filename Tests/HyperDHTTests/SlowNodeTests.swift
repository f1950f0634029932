import Checks
import Exploration
import Foundation
import HyperDHT
import ParticipantTesting
import Participants
import Testing
import Topology

/// Lookups where nodes answer slowly, or not at all.
@Suite("Slow and dead nodes of a HyperDHT network") struct SlowNodeTests {
  private static let root =
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// One node keeps all that is announced, and one asks for it all the time.
  private static let loneKeeper = """
    network: hyperdht
    groups:
      keeper: { role: node, count: 1 }
      announcer: { role: node, count: 1, after: keeper, options: { bootstrap: keeper, announce: key-1,
        announce-interval: 200h, start-delay: 100ms } }
      other: { role: node, count: 6, joins: 1s, options: { bootstrap: keeper } }
      asker: { role: node, count: 1, joins: 3s, options: { bootstrap: keeper, lookup: key-1,
        lookup-count: 400, lookup-interval: 50ms } }
    stop: { at: 24s }
    """

  private static func topology(_ text: String, overrides: [String] = []) throws -> Topology {
    try Topology(
      TopologyFile(path: "test.yaml", text: text), overrides: overrides, roles: HyperDHTRoles.all,
      checks: nil)
  }

  /// How many peers each lookup of the asker found that began after a time.
  private static func found(in network: SimulatedNetwork, after start: Microseconds) -> [Int64] {
    network.logged(HyperDHTEvents.queryFinished, after: start).filter { $0.node == "asker-1" }
      .map { $0.event.integer("peers") }
  }

  @Test("Where answers take 20 to 120 ms, every lookup finds who is there", arguments: 1...4)
  func spread(seed: UInt64) throws {
    let topology = try Self.topology(
      Self.loneKeeper, overrides: ["network-model.latency={uniform: [10ms, 60ms]}"])
    let network = SimulatedNetwork(topology.plan(seed: seed), roles: HyperDHTRoles.all)
    let found = Self.found(in: network, after: .zero)
    #expect(found.count > 350)
    #expect(found.allSatisfy { $0 == 1 })
  }

  @Test(
    "One keeper is slow all of a sudden, and every lookup finds what it keeps",
    arguments: [1, 2], ["25ms", "100ms", "400ms"])
  func slowKeeper(seed: UInt64, latency: String) throws {
    let topology = try Self.topology(
      Self.loneKeeper + """

        faults:
          - { at: 5s, latency: { between: keeper, and: [announcer, other, asker], add: \(latency) } }
        """)
    let network = SimulatedNetwork(topology.plan(seed: seed), roles: HyperDHTRoles.all)
    let found = Self.found(in: network, after: .seconds(5))
    #expect(found.count > 300)
    #expect(found.allSatisfy { $0 == 1 })
  }

  /// What did not pass, of two checks of a topology's.
  private static func objections(_ name: String, seed: UInt64, _ checks: [String]) throws
    -> [String]
  {
    let file = try TopologyFile(reading: root.appending(path: "topologies/\(name).yaml").path)
    let topology = try Topology(file, overrides: [], roles: HyperDHTRoles.all, checks: nil)
    let checks = try CheckLibrary(root.appending(path: "checks").path)
      .checks(network: "hyperdht").filter { checks.contains($0.name) }
    return try Laboratory(roles: HyperDHTRoles.all, checks: checks)
      .examine(topology.plan(seed: seed)).judgements
      .filter { $0.verdict != .pass }.map { "\($0.check.name): \($0.verdict)" }
  }

  @Test(
    "A fifth of the nodes die: the median lookup is as quick, and finds who lives", arguments: 5...7
  )
  func massacre(seed: UInt64) throws {
    let objections = try Self.objections(
      "hyperdht-massacre", seed: seed,
      ["the-dead-do-not-stall-lookups", "lookups-find-every-live-announcer"])
    #expect(objections == [])
  }

  @Test(
    "Every lookup comes to the closest node, also where whoever is asked first knows none near it")
  func convergence() throws {
    #expect(try Self.objections("hyperdht-hops", seed: 202, ["lookups-converge"]) == [])
  }
}
