import Checks
import Exploration
import History
import Messages
import Networks
import Participants
import Testing
import Topology

/// The smallest networks of each kind, in which nothing is done to anybody.
@Suite struct `A network without faults` {
  private static let groups = [
    "gossip": "{ seed: { count: 1 }, peer: { count: 3, after: seed } }",
    "kptp": "{ peer: { count: 3, options: { bootstrap: peer-1 } } }",
    "hyperdht":
      "{ bootstrap: { count: 1 }, node: { count: 3, after: bootstrap, options: { bootstrap: bootstrap } } }",
    "torrent":
      "{ tracker: { count: 1 }, seeder: { role: client, count: 1, options: { tracker: tracker, "
      + "complete: true } }, client: { count: 2, options: { tracker: tracker } } }",
    "pex": "{ peer: { count: 3, options: { bootstrap: peer-1 } } }",
    "kademlia": "{ node: { count: 3, options: { bootstrap: node-1 } } }",
  ]

  private func trial(
    _ network: String, set overrides: [String] = [], checks names: [String]? = nil
  ) throws -> Laboratory.Trial {
    let groups = try #require(Self.groups[network])
    let text = "network: \(network)\ngroups: \(groups)\nstop: { at: 20s }\n"
    let topology = try Topology(
      TopologyFile(path: "small.yaml", text: text), overrides: overrides, roles: Networks.roles,
      checks: nil)
    let checks = try CheckLibrary().checks(names ?? topology.checks, network: network)
    return try Laboratory(roles: Networks.roles, checks: checks).examine(topology.plan(seed: 1))
  }

  @Test(arguments: groups.keys.sorted())
  func `is a success, with each check passed or not asked`(network: String) throws {
    let trial = try trial(network)
    #expect(trial.exitCode == .success)
    #expect(trial.judgements.contains { $0.verdict == .notAsked })
    for judgement in trial.judgements {
      #expect([.pass, .notAsked].contains(judgement.verdict), "\(judgement)")
    }
  }

  /// A death so late or so short that nobody can have noticed; a lookup, a put or an announcement
  /// that comes too late, because nothing begins before the stop.
  @Test(arguments: [
    ("gossip", ["faults=[{at: 19900ms, pause: peer-2, for: 50ms}]"], "dead-nodes-are-reported"),
    ("gossip", ["groups.peer.options.gossip-delay=1m"], "gossip-reaches-every-live-peer"),
    ("gossip", ["groups.peer.options.gossip-delay=1m"], "texts-are-taken-once"),
    ("kptp", ["faults=[{at: 19900ms, pause: peer-2, for: 50ms}]"], "the-dead-leave-every-table"),
    (
      "kptp",
      ["groups.peer.options={bootstrap: peer-1, put-count: 1, get-count: 1, value-interval: 1m}"],
      "values-are-found"
    ),
    (
      "hyperdht",
      ["groups.node.options={bootstrap: bootstrap, lookup-count: 1, start-delay: 1m}"],
      "lookups-converge"
    ),
    (
      "hyperdht",
      ["groups.node.options={bootstrap: bootstrap, announce: a, lookup: a, start-delay: 1m}"],
      "lookups-find-every-live-announcer"
    ),
    (
      "hyperdht", ["groups.node.options={bootstrap: bootstrap, announce: a, start-delay: 1m}"],
      "tokens-protect-announcements"
    ),
    (
      "hyperdht", ["groups.node.options={bootstrap: bootstrap, connect: a, start-delay: 1m}"],
      "punched-peers-hear-each-other"
    ),
    (
      "hyperdht",
      [
        "groups.node.options={bootstrap: bootstrap, announce: a, announce-for: 1m, lookup: a}"
      ], "unannounced-peers-disappear"
    ),
    (
      "hyperdht",
      [
        "groups.node.options={bootstrap: bootstrap, announce: a, lookup: a}",
        "faults=[{at: 19s, kill: node-2}]",
      ], "expired-announcements-disappear"
    ),
    ("torrent", ["faults=[{at: 19900ms, stop: client-1}]"], "the-dead-leave-the-tracker"),
    (
      "torrent",
      [
        "groups.client.options={tracker: tracker, dht: true, pace: 10m}",
        "faults=[{at: 10s, kill: tracker-1}]",
      ], "the-dht-carries-on-without-the-tracker"
    ),
    ("pex", ["groups.peer.options={have: 3, want: 3}"], "pieces-are-intact"),
    ("kademlia", ["faults=[{at: 19900ms, kill: node-2}]"], "dead-leave-routing-tables"),
    (
      "kademlia",
      ["groups.node.options={bootstrap: node-1, put-count: 1, get-count: 1, start-delay: 1m}"],
      "lookups-find-what-was-stored"
    ),
    (
      "kademlia", ["groups.node.options={bootstrap: node-1, put-count: 1, start-delay: 1m}"],
      "stored-values-are-kept"
    ),
    ("kademlia", ["unexpected-exits=allow"], "dead-leave-routing-tables"),
  ])
  func `is inconclusive where it was given something, and did not see it`(
    network: String, changes: [String], check: String
  ) throws {
    #expect(try trial(network, checks: [check]).judgements.map(\.verdict) != [.inconclusive])
    let given = try trial(network, set: changes, checks: [check])
    #expect(given.judgements.map(\.verdict) == [.inconclusive], "\(given.judgements)")
    #expect(given.exitCode == .inconclusive)
  }

  @Test func `is no success where it gives nothing to the checks that its topology names`() throws {
    let trial = try trial("gossip", set: ["checks=[dead-nodes-are-reported]"])
    #expect(trial.judgements.map(\.verdict) == [.notAsked])
    #expect(trial.exitCode == .inconclusive)
    #expect(try self.trial("gossip", set: ["checks=[]"]).exitCode == .success)
  }

  @Test func `is known by its plan, with the options of each node, defaults included`() throws {
    let text = """
      network: gossip
      groups:
        seed: { count: 1 }
        peer:
          count: 3
          after: seed
          options: { gossip-count: 7, liveness-interval: 500ms }
          variants: [ { count: 1, options: { report-dead: false } } ]
        late: { role: peer, count: 1, joins: 4s }
      stop: { at: 20s }
      """
    let topology = try Topology(
      TopologyFile(path: "t.yaml", text: text), roles: Networks.roles, checks: nil)
    let plan = topology.plan(seed: 1)
    #expect(plan.settings.count == 4)
    let peers = plan.nodes.filter { $0.group == "peer" }.compactMap { $0.settings }.map {
      plan.settings[$0]
    }
    for settings in peers {
      #expect(settings["gossip-count"] == .number(7))
      #expect(settings["liveness-interval"] == .number(500_000))
      #expect(settings["max-links"] == .number(4))
      #expect(settings["texts"] == .text("unique"))
    }
    #expect(peers.count { $0["report-dead"] == .flag(false) } == 1)
    #expect(peers.count { $0["report-dead"] == .flag(true) } == 2)
  }
}

/// Lookups of a Kademlia network, whose chains are longer while nodes join.
@Suite struct `A Kademlia lookup's number of steps` {
  private func judgements(_ text: String, seeds: ClosedRange<UInt64>) throws -> [Judgement] {
    let topology = try Topology(
      TopologyFile(path: "t.yaml", text: text), roles: Networks.roles, checks: nil)
    let checks = try CheckLibrary()
      .checks(["lookups-take-log-n-steps"], network: "kademlia")
    let laboratory = Laboratory(roles: Networks.roles, checks: checks)
    return try seeds.flatMap { try laboratory.examine(topology.plan(seed: $0)).judgements }
  }

  @Test(arguments: [12, 20])
  func `is sound where all nodes join at once by the first of them`(nodes: Int) throws {
    let text = """
      network: kademlia
      groups: { node: { count: \(nodes), options: { bootstrap: node-1 } } }
      stop: { at: 40s }
      """
    for judgement in try judgements(text, seeds: 1...60) {
      #expect(judgement.verdict == .pass, "\(judgement.rows)")
      #expect(judgement.witnesses == nodes)
    }
  }

  /// Who answers with the one next contact on the way makes chains of what are short cuts elsewhere.
  @Test func `is too many in a settled network whose nodes name one other each`() throws {
    let text = """
      network: kademlia
      groups:
        node:
          count: 40
          every: 20ms
          options:
            { bootstrap: node-1, k: 8, answers: ANSWERS, put-count: 3, get-count: 20,
              start-delay: 10s, get-interval: 100ms }
      stop: { at: 20s }
      """
    func verdict(_ answers: String) throws -> Judgement {
      try judgements(text.replacing("ANSWERS", with: answers), seeds: 1...1)[0]
    }
    #expect(try verdict("closest").verdict == .pass)
    let nearby = try verdict("nearby")
    #expect(nearby.verdict == .fail)
    let joining = try #require(nearby.columns.firstIndex(of: "joining"))
    #expect(nearby.rows.contains { $0[joining] == .integer(0) })
  }
}
