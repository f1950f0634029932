import Checks
import Exploration
import Foundation
import Networks
import Supervisor
import Testing
import Topology

/// Whole networks in virtual time, judged by the network's checks.
@Suite struct `A network of peers` {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// The verdicts on a topology of the repository, or on one that is given: `NAME: VERDICT`.
  private func verdicts(
    _ text: String, seed: UInt64, set overrides: [String] = []
  ) throws -> [String] {
    let checks = try CheckLibrary()
      .checks(nil, network: "pex")
    let topology = try Topology(
      TopologyFile(path: "test.yaml", text: text), overrides: overrides, roles: Networks.roles,
      checks: nil)
    let trial = try Laboratory(roles: Networks.roles, checks: checks)
      .examine(topology.plan(seed: seed))
    #expect(trial.conclusion.outcome == .completed)
    return trial.judgements.map { "\($0.check.name): \($0.verdict)" }
  }

  private static let kept = [
    "everybody-learns-of-everybody", "everyone-gets-what-someone-alive-has",
    "no-piece-arrives-twice", "pieces-are-intact",
  ]

  @Test(
    arguments: ["pex", "pex-churn", "pex-last-owner"].flatMap { name in
      (1...4).map { (name, $0) }
    })
  func `keeps its promises`(topology: String, seed: UInt64) throws {
    let file = Self.root.appending(path: "topologies/\(topology).yaml")
    let text = try String(contentsOf: file, encoding: .utf8)
    #expect(try verdicts(text, seed: seed) == Self.kept.map { "\($0): pass" }, "seed \(seed)")
  }

  private let small = """
    network: pex
    groups:
      owner:
        role: peer
        count: 1
        options: { piece-size: 1024, have: 75, exchange-interval: 500ms, dial-timeout: 1s }
      peer:
        count: 5
        after: owner
        options:
          bootstrap: owner
          piece-size: 1024
          want: 20
          exchange-interval: 500ms
          ask-timeout: 200ms
          ask-again: 1s
          dial-timeout: 1s
    stop: { at: 15s }
    """

  @Test(
    arguments: [
      ("owner", "gives=never", "everyone-gets-what-someone-alive-has"),
      ("owner", "introduces=false", "everybody-learns-of-everybody"),
      ("peer", "asks=all", "no-piece-arrives-twice"),
    ])
  func `that breaks one promise fails that check alone`(
    group: String, option: String, check: String
  ) throws {
    let parts = option.split(separator: "=")
    let verdicts = try verdicts(
      small, seed: 5,
      set: [
        "groups.\(group).options.\(parts[0])=\(parts[1])",
        // Nothing comes of the owner, or of nobody but the owner: enough must come of others.
        "groups.peer.options.have=10",
      ])
    #expect(verdicts == Self.kept.map { "\($0): \($0 == check ? "fail" : "pass")" })
  }

  @Test func `whose nodes do not verify takes what a liar gives`() throws {
    let corrupt = ["groups.owner.options.corrupts=true", "groups.peer.options.have=10"]
    #expect(try verdicts(small, seed: 6, set: corrupt).contains("pieces-are-intact: pass"))
    let verdicts = try verdicts(
      small, seed: 6, set: corrupt + ["groups.peer.options.verifies=false"])
    #expect(
      verdicts == Self.kept.map { "\($0): \($0 == "pieces-are-intact" ? "fail" : "pass")" })
  }

  @Test func `that stands still is not asked anything`() throws {
    let verdicts = try verdicts(
      small, seed: 1, set: ["groups.peer.count=1", "groups.peer.options.want=0", "stop.at=2s"])
    #expect(verdicts == Self.kept.map { "\($0): notAsked" })
  }
}
