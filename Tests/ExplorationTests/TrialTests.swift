import Checks
import Exploration
import Foundation
import History
import Messages
import Networks
import Participants
import Simulator
import Supervisor
import Testing
import Topology

@Suite struct `A trial` {
  @Test func `gives the same digest for the same seed, and another for another`() throws {
    let laboratory = try laboratory()
    let topology = try topology()
    let digests = try [7, 7, 8].map {
      try laboratory.examine(topology.plan(seed: $0)).digest
    }
    #expect(digests[0] == digests[1])
    #expect(digests[0] != digests[2])
    #expect(digests[0].count == 64)
  }

  @Test(arguments: [[], silent])
  func `judges the events that checks need as it would judge all`(overrides: [String]) throws {
    // A check that reads events itself gets every kind; its verdict is not compared.
    let scratch = try ScratchFolder()
    let file = "\(scratch.path)/counts-events.sql"
    try """
    -- check: counts-events
    -- promise: Peers are refused links now and then.
    -- networks: any
    -- severity: warning
    -- witnesses: 1

    SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM events WHERE kind LIKE 'link.ref%');
    SELECT count(*) FROM events;
    """.write(toFile: file, atomically: true, encoding: .utf8)
    let names = CheckLibraryNames.gossip
    let plan = try topology(set: overrides).plan(seed: 3)
    let needed = try laboratory(checks: names).examine(plan)
    let all = try laboratory(checks: names + [file]).examine(plan)
    #expect(needed.judgements == Array(all.judgements.dropLast()))
    #expect(needed.digest == all.digest)
    let counted = try #require(all.judgements.last?.witnesses)
    #expect(counted > 300)
  }

  /// Clocks differ by up to `network-model.clock-skew`: a peer that lives for 6 ms dies before it was
  /// ready by its own; one that is restarted at once was ready before it died; one that is back enters
  /// a table before it was ready; and what was not there yet when it was looked for was stored before.
  @Test(arguments: [
    ("pex-churn", UInt64(951), ["everyone-gets-what-someone-alive-has"], 800),
    ("kptp-churn", 18, ["the-dead-leave-every-table"], 5),
    ("kptp-churn", 13, ["the-dead-leave-every-table"], 5),
    ("kademlia-churn", 15, ["lookups-find-what-was-stored"], 400),
    (
      "hyperdht", 1,
      [
        "lookups-find-every-live-announcer", "unannounced-peers-disappear",
        "tokens-protect-announcements",
      ], 1_000
    ),
  ])
  func `judges as right what seems wrong only by clocks that are off`(
    name: String, seed: UInt64, checks: [String], witnesses: Int
  ) throws {
    let path = "\(repository)/topologies/\(name).yaml"
    let file = TopologyFile(path: path, text: try String(contentsOfFile: path, encoding: .utf8))
    let plan = try Topology(
      file, overrides: ["network-model.clock-skew=20ms"], roles: Networks.roles, checks: nil
    ).plan(seed: seed)
    let laboratory = Laboratory(
      roles: Networks.roles,
      checks: try CheckLibrary().checks(checks, network: plan.network),
      isInterrupted: { false })
    for judgement in try laboratory.examine(plan).judgements {
      #expect(judgement.verdict == .pass)
      #expect(judgement.witnesses.map { $0 > witnesses } == true)
    }
  }

  @Test func `leaves nothing behind`() throws {
    let scratch = try ScratchFolder()
    let path = scratch.path
    #expect(FileManager.default.fileExists(atPath: path))
    _ = consume scratch
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test func `of an interrupted simulation is no success`() throws {
    let trial = try laboratory(isInterrupted: { true }).examine(topology().plan(seed: 1))
    #expect(trial.conclusion.outcome == .interrupted)
    #expect(trial.judgements.isEmpty)
    #expect(trial.exitCode == .inconclusive)
  }
}

enum CheckLibraryNames {
  static let gossip = [
    "dead-nodes-are-reported", "only-dead-nodes-are-reported", "gossip-reaches-every-live-peer",
    "texts-are-taken-once", "seeds-agree-on-who-is-alive", "live-peers-are-connected",
  ]
}

@Suite struct `The kinds of events that checks need` {
  @Test func `are those that views and recorded facts name`() throws {
    let kinds = try #require(
      NeededKinds.forChecks(["SELECT * FROM links; -- events"], views: Views()))
    for kind in ["node.ready", "node.stopped", "run.ended", "run.digested", "link.closed"] {
      #expect(kinds.contains(kind), "\(kind)")
    }
    #expect(!kinds.contains("link.refused"))
  }

  @Test func `are all kinds for a check that reads events`() throws {
    let checks = ["SELECT 1", "SELECT count(*)\nFROM Events WHERE 1"]
    #expect(NeededKinds.forChecks(checks, views: try Views()) == nil)
  }
}
