import Checks
import Exploration
import Foundation
import HyperDHT
import Networks
import Participants
import Testing
import Topology

/// The check of hole punching: green where peers hear each other, and red where they stop doing so, or
/// never did by the log of one of them.
@Suite("The check that punched peers hear each other") struct HolePunchCheckTests {
  /// A node whose log does not have that it heard somebody.
  private struct Hushed: Participant {
    var node: any Participant

    mutating func handle(_ input: Input, _ turn: inout Turn) {
      node.handle(input, &turn)
      turn.effects.removeAll {
        if case .log(let event) = $0 { event.kind == HyperDHTEvents.punchHeard.name } else { false }
      }
    }
  }

  private static let root =
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  private func judge(
    _ overrides: [String] = [], roles: [Role] = Networks.roles, seed: UInt64
  ) throws -> [Judgement] {
    let file = try TopologyFile(
      reading: Self.root.appending(path: "topologies/hyperdht-nat.yaml").path)
    let topology = try Topology(file, overrides: overrides, roles: roles, checks: nil)
    let named = topology.checks ?? []
    let checks = try CheckLibrary()
      .checks(network: "hyperdht").filter { named.contains($0.name) }
    #expect(checks.count == 3)
    return try Laboratory(roles: roles, checks: checks).examine(topology.plan(seed: seed))
      .judgements
  }

  private func objections(_ judgements: [Judgement]) -> [String] {
    judgements.filter { $0.verdict != .pass }.map { "\($0.check.name): \($0.verdict)" }
  }

  @Test(
    "passes, with many witnesses, where ways are used more often than ports are given up",
    arguments: 1...2)
  func green(seed: UInt64) throws {
    let judgements = try judge(seed: seed)
    #expect(objections(judgements) == [])
    #expect(judgements.allSatisfy { $0.witnesses ?? 0 >= 70 })
  }

  @Test("fails alone where ports are given up sooner than that")
  func expired() throws {
    let judgements = try judge(
      [
        "groups.home.nat.binding-timeout=3s", "groups.home.options.datagram-interval=4s",
      ], seed: 1)
    #expect(objections(judgements) == ["punched-peers-hear-each-other: fail"])
  }

  @Test("fails alone where a peer did not hear the node by its own log")
  func unheard() throws {
    let roles = Networks.roles.map { role in
      var hushed = role
      if role.fullName == HyperDHTRoles.node.fullName {
        hushed.make = { Hushed(node: role.make($0)) }
      }
      return hushed
    }
    #expect(
      objections(try judge(roles: roles, seed: 1)) == ["punched-peers-hear-each-other: fail"])
  }
}
