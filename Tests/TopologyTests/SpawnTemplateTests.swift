import Faults
import Networks
import Participants
import Testing
import Topology

@Suite struct `A topology composed from numbers` {
  private let gossip: SpawnTemplate

  init() throws {
    gossip = try #require(SpawnTemplate.all.first { $0.network == "gossip" })
  }

  private func read(_ file: TopologyFile) throws -> Topology {
    try Topology(file, roles: Networks.roles, checks: nil)
  }

  @Test(arguments: [(5, 30, 20, 0), (5, 30, 20, 2), (1, 1, 4, 0), (5, 1_000, 30, 10)])
  func `is valid and has what was asked for`(
    seeds: Int, peers: Int, seconds: Int64, kills: Int
  ) throws {
    let file = gossip.compose(
      counts: ["seed": seeds, "peer": peers], duration: .seconds(seconds), kills: kills)
    let plan = try read(file).plan(seed: 1)
    #expect(plan.nodes.count { $0.role == "gossip-seed" } == seeds)
    #expect(plan.nodes.count { $0.role == "gossip-peer" } == peers)
    #expect(plan.stopAt == .seconds(seconds))
    #expect(plan.faults.count == kills)
    #expect(plan.checks == nil)
    for fault in plan.faults {
      #expect(fault.action == .kill)
      #expect(fault.node?.hasPrefix("peer-") == true)
      #expect(fault.at * 4 >= plan.stopAt && fault.at * 2 <= plan.stopAt)
    }
  }

  @Test func `there is one for every network`() {
    #expect(SpawnTemplate.all.map(\.network) == Networks.eventKinds.map(\.network))
  }

  @Test(arguments: SpawnTemplate.all.indices, [Int64(1), 20, 3_600])
  func `of any network is valid, with its counts where none are asked for`(
    index: Int, seconds: Int64
  ) throws {
    let template = SpawnTemplate.all[index]
    let topology = try read(
      template.compose(counts: [:], duration: .seconds(seconds), kills: 2))
    for group in template.groups {
      #expect(topology.groups.first { $0.name == group.name }?.count == group.count)
    }
    let faults = topology.plan(seed: 1).faults
    #expect(faults.map { $0.node?.hasPrefix("\(template.victims)-") } == [true, true])
  }

  @Test(arguments: [4, 10, 20, 30, 60, 600])
  func `leaves the time to see every kill reported and repaired`(seconds: Int64) throws {
    let duration = Microseconds.seconds(seconds)
    let topology = try read(gossip.compose(counts: [:], duration: duration, kills: 2))
    let role = try #require(Networks.roles.first { $0.fullName == "gossip-peer" })
    let options = OptionValues(role.options, given: topology.groups[1].options)
    let probing = options.duration("liveness-interval") * (options.count("liveness-misses") + 1)
    let repair =
      probing + options.duration("answer-timeout") + options.duration("relink-interval") * 2
      + .seconds(1)
    let lastKill = try #require(topology.plan(seed: 0).faults.last)
    #expect(lastKill.at + repair <= duration)
  }

  @Test func `lets a bounded number of peers speak in a large network`() throws {
    let file = gossip.compose(counts: ["peer": 1_000], duration: .seconds(30), kills: 0)
    let peers = try read(file).plan(seed: 1).nodes.filter { $0.group == "peer" }
    #expect(peers.count { $0.options["gossip-count"] == "3" } == 20)
    #expect(peers.count { $0.options["gossip-count"] == "0" } == 980)
  }

  @Test func `is refused like any other where its numbers make no sense`() {
    #expect(throws: TopologyError.self) {
      try read(gossip.compose(counts: ["peer": 0], duration: .seconds(20), kills: 0))
    }
    let error = #expect(throws: TopologyError.self) {
      try read(gossip.compose(counts: ["peer": 2], duration: .seconds(20), kills: 3))
    }
    #expect(
      error?.messages == [
        "spawn gossip:22:22: a kill of 1 in group 'peer' at 10s finds only 0 that are up and "
          + "that no other fault names"
      ])
  }
}
