import Checks
import Exploration
import Networks
import Participants
import Supervisor
import Synchronization
import Testing
import Topology

@Suite struct `An exploration` {
  @Test(arguments: [1, 2, 5])
  func `gives every seed once, in order, whatever the number of threads`(jobs: Int) throws {
    var digests: [UInt64: String] = [:]
    var seeds: [UInt64] = []
    let laboratory = try laboratory()
    let topology = try topology()
    Explorer(topology, seeds: 3...8, jobs: jobs, in: laboratory).run { finding in
      seeds.append(finding.seed)
      digests[finding.seed] = try? finding.result.get().digest
    }
    #expect(seeds == [3, 4, 5, 6, 7, 8])
    #expect(Set(digests.values).count == 6)
    #expect(try digests[5] == laboratory.examine(topology.plan(seed: 5)).digest)
  }

  @Test func `ends soon after an interruption`() throws {
    let taken = Atomic<Int>(0)
    let laboratory = try laboratory(isInterrupted: { taken.load(ordering: .relaxed) > 1 })
    Explorer(try topology(), seeds: 1...1_000_000, jobs: 2, in: laboratory).run { _ in
      taken.add(1, ordering: .relaxed)
    }
    #expect(taken.load(ordering: .relaxed) < 20)
  }

  @Test func `finds a planted failure, which shrinks to a handful of nodes and faults`() throws {
    let laboratory = try laboratory()
    let broken = try topology(set: silent)
    var failures: [Shrinker.Failure?] = []
    Explorer(broken, seeds: 1...3, jobs: 2, in: laboratory).run { finding in
      failures.append((try? finding.result.get()).flatMap { Shrinker.Failure($0) })
    }
    #expect(failures == Array(repeating: .check("dead-nodes-are-reported"), count: 3))

    var shrinker = Shrinker(
      broken, seed: 1, failure: .check("dead-nodes-are-reported"), roles: Networks.roles,
      in: laboratory)
    var calls = 0
    try shrinker.shrink { _ in calls += 1 }
    let small = shrinker.topology
    #expect(small.groups.map(\.count).reduce(0, +) <= 4)
    #expect(small.faults.count == 1)
    #expect(small.stopAt < broken.stopAt)
    #expect(calls == shrinker.trials)
    #expect(shrinker.trials <= Shrinker.mostTrials)
    // What is written fails, and is nothing but what was asked to fail.
    let text = small.text(roles: Networks.roles, comment: ["small"])
    let read = try Topology(
      TopologyFile(path: "s.yaml", text: text), roles: Networks.roles, checks: nil)
    let trial = try laboratory.examine(read.plan(seed: shrinker.seed))
    #expect(trial.failures.contains("dead-nodes-are-reported"))
  }

  @Test func `shrinks nothing that does not fail`() throws {
    let sound = try topology(set: ["groups.peer.count=3", "faults=[]", "stop.at=4s"])
    var shrinker = Shrinker(
      sound, seed: 1, failure: .run, roles: Networks.roles, in: try laboratory())
    try shrinker.shrink()
    #expect(shrinker.topology == sound)
    #expect(shrinker.trials > 0)
  }
}
