import Checks
import Exploration
import Faults
import Foundation
import Networks
import Testing
import Topology

/// The checks of the kPTP network: green where the peers do as they should, and each red alone where
/// some peers have the fault that it is for.
@Suite("The checks of the kPTP network") struct CheckTests {
  /// Twenty peers, of whom three are killed together, and who put and get values.
  private static let text = """
    network: kptp
    groups:
      first: { role: peer, count: 1, options: { \(quick) } }
      peer:
        count: 19
        every: 20ms
        options: { bootstrap: first-1, put-count: 1, get-count: 100, value-interval: 1s, \(quick) }
    faults:
      - { at: 8s, kill: { group: peer, count: 3 } }
      - { at: 9s, pause: { group: peer }, for: 400ms }
    stop: { at: 26s }
    """

  private static let quick = """
    heartbeat-interval: 500ms, heartbeat-timeout: 250ms, welcome-delay: 100ms, hello-interval: 20ms
    """

  private func judge(_ overrides: [String], seed: UInt64) throws -> [Judgement] {
    let topology = try Topology(
      TopologyFile(path: "small.yaml", text: Self.text), overrides: overrides,
      roles: Networks.roles, checks: nil)
    let checks = try CheckLibrary().checks(network: "kptp")
    return try Laboratory(roles: Networks.roles, checks: checks)
      .examine(topology.plan(seed: seed)).judgements
  }

  private func objections(_ judgements: [Judgement]) -> [String] {
    judgements.filter { $0.verdict != .pass }.map { "\($0.check.name): \($0.verdict)" }
  }

  @Test("all pass, with many witnesses", arguments: 1...4)
  func green(seed: UInt64) throws {
    let judgements = try judge([], seed: seed)
    #expect(objections(judgements) == [])
    #expect(judgements.count == 5)
    for judgement in judgements {
      #expect(judgement.witnesses ?? 0 >= 5, "\(judgement.check.name)")
    }
  }

  @Test("a peer that keeps the dead fails the-dead-leave-every-table alone", arguments: 1...3)
  func keepsTheDead(seed: UInt64) throws {
    // Whoever looks a value up is led to the dead, too.
    let judgements = try judge(
      ["groups.peer.options.removes-dead=false", "groups.peer.options.get-count=0"], seed: seed)
    #expect(
      objections(judgements) == [
        "the-dead-leave-every-table: fail", "values-are-found: notAsked",
      ])
  }

  @Test(
    "a peer that keeps farther ones in a full bucket fails routing-converges alone",
    arguments: 1...3)
  func keepsTheFarther(seed: UInt64) throws {
    let judgements = try judge(["groups.peer.options.replaces=false"], seed: seed)
    #expect(objections(judgements) == ["routing-converges: fail"])
  }

  @Test("a peer that drops a live one once fails nobody-alive-is-removed alone", arguments: 1...3)
  func dropsTheLiving(seed: UInt64) throws {
    let judgements = try judge(["groups.peer.options.forget-after=40"], seed: seed)
    #expect(objections(judgements) == ["nobody-alive-is-removed: fail"])
    #expect(judgements.first { $0.verdict == .fail }?.violations ?? 0 >= 16)
  }

  @Test(
    "a peer that says it keeps values and does not fails values-are-found alone", arguments: 1...3)
  func losesValues(seed: UInt64) throws {
    let judgements = try judge(
      ["groups.peer.options.keeps-values=false", "groups.peer.options.replicas=1"], seed: seed)
    #expect(objections(judgements) == ["values-are-found: fail"])
  }

  /// A table without gaps leads everywhere, so whatever blocks a way fails routing-converges too, once
  /// that is due. A way must be there sooner, and it is due between the two that is judged here.
  @Test(
    "peers that leave the places of the dead empty fail every-live-peer-can-be-reached",
    arguments: 1...3)
  func leavesGaps(seed: UInt64) throws {
    let judgements = try judge(
      [
        "groups.peer.options.refills=false", "faults.0.kill.count=8", "stop.at=14200ms",
        "faults.1.at=6s", "groups.peer.options.get-count=0",
      ], seed: seed)
    #expect(
      objections(judgements) == [
        "every-live-peer-can-be-reached: fail", "routing-converges: inconclusive",
        "values-are-found: notAsked",
      ])
  }
}
