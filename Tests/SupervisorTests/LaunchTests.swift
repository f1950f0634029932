import Participants
import Supervisor
import Testing
import Topology

@Suite("The launch")
struct LaunchTests {
  @Test("Peers start when every seed is ready, after the seed list was written")
  func peersStartAfterTheSeedList() throws {
    var host = FakeHost(.small(seeds: 2, peers: 1))
    host.behaviours[1].readyAfter = .milliseconds(50)
    host.run()
    let list = try host.place(of: "seeds 2")
    #expect(try host.place(of: "node.spawned seed-2") < list)
    #expect(try list < host.place(of: "spawn peer-1 127.0.0.1:0"))
    #expect(try host.moment(of: "spawn peer-1 127.0.0.1:0") == Microseconds(-3_000))
    #expect(host.conclusion?.outcome == .completed)
    #expect(host.conclusion?.reason == "")
  }

  @Test("The seed list has the addresses that the seeds said, in the plan's order")
  func seedListIsInOrder() throws {
    var host = FakeHost(.small(seeds: 3, peers: 0))
    host.behaviours[0].readyAfter = .milliseconds(90)
    host.run()
    let lists = host.trace.compactMap {
      if case .writeSeedList(let seeds) = $0.effect { seeds } else { nil }
    }
    #expect(lists == [[101, 102, 103].map { Address(host: "127.0.0.1", port: $0) }])
  }

  @Test("A group that reads the seed list waits for the seeds even if the plan does not say so")
  func readersWaitForSeeds() throws {
    var plan = Plan.small()
    for index in plan.nodes.indices { plan.nodes[index].after = nil }
    plan.nodes.swapAt(0, 2)
    var host = FakeHost(plan)
    host.run()
    #expect(try host.place(of: "seeds 1") < host.place(of: "spawn peer-1 127.0.0.1:0"))
  }

  @Test("Nodes of a group start one by one where the plan says so")
  func startsAreSpread() throws {
    var host = FakeHost(.small(peers: 3, every: .milliseconds(20)))
    host.run()
    let starts = host.trace.filter { if case .spawn = $0.effect { true } else { false } }.map(\.at)
    #expect(starts[2] - starts[1] == .milliseconds(20))
    #expect(starts[3] - starts[2] == .milliseconds(20))
  }

  @Test("Nodes start when those whose addresses they are told are ready, and are told them")
  func addresses() throws {
    var plan = Plan.small(seeds: 1, peers: 3, late: [.seconds(2)])
    plan.nodes[2].addresses = ["friends": ["peer-1", "10.0.0.9:80"]]
    plan.nodes[3].addresses = ["friends": ["peer-1", "peer-2"]]
    plan.nodes[4].addresses = ["friends": ["peer-3"]]
    var host = FakeHost(plan)
    host.behaviours[1].readyAfter = .milliseconds(80)
    host.behaviours[2].readyAfter = .milliseconds(40)
    host.run()
    #expect(
      try host.moment(of: "spawn peer-2 127.0.0.1:0 friends=127.0.0.1:102,10.0.0.9:80")
        - host.moment(of: "spawn peer-1 127.0.0.1:0") == .milliseconds(80))
    #expect(
      try host.moment(of: "spawn peer-3 127.0.0.1:0 friends=127.0.0.1:102,127.0.0.1:103")
        - host.moment(of: "spawn peer-1 127.0.0.1:0") == .milliseconds(120))
    #expect(host.count("spawn late-1 127.0.0.1:0 friends=127.0.0.1:104") == 1)
    #expect(host.conclusion?.outcome == .completed)
  }

  @Test("Nodes that name one another do not wait for ever: the first is not told of the second")
  func mutualAddresses() throws {
    var plan = Plan.small(seeds: 1, peers: 2)
    plan.nodes[1].addresses = ["friends": ["peer-2"]]
    plan.nodes[2].addresses = ["friends": ["peer-1"]]
    var host = FakeHost(plan)
    host.run()
    #expect(host.count("spawn peer-1 127.0.0.1:0 friends=") == 1)
    #expect(host.count("spawn peer-2 127.0.0.1:0 friends=127.0.0.1:102") == 1)
    #expect(host.conclusion?.outcome == .completed)
  }

  @Test("A fixed address is what the node is told to listen on")
  func fixedAddress() throws {
    var plan = Plan.small()
    plan.nodes[0].listen = "127.0.0.1:5000"
    var host = FakeHost(plan)
    host.run()
    #expect(host.count("spawn seed-1 127.0.0.1:5000") == 1)
  }

  @Test("Nodes that are not ready in time fail the run, which names them and who waits for them")
  func readinessHasADeadline() throws {
    var host = FakeHost(.small(seeds: 3, peers: 8))
    host.behaviours[0].readyAfter = nil
    host.behaviours[2].readyAfter = nil
    host.run()
    #expect(
      host.conclusion
        == SupervisorCore.Conclusion(
          outcome: .failed,
          reason: "not ready within 30s: seed-1, seed-3 (started, but wrote no node.ready); "
            + "not started: peer-1, peer-2, peer-3, peer-4, peer-5 and 3 more, waiting for seed",
          began: false, blamed: ["seed-1", "seed-3"], launchFailure: nil))
    #expect(host.now - Instant(microseconds: 1_000_000) >= .seconds(30))
    #expect(host.now - Instant(microseconds: 1_000_000) < .seconds(31))
  }

  @Test("The deadline for readiness counts from the launch of the last node")
  func deadlineCountsFromTheLast() {
    var host = FakeHost(.small(peers: 50, every: .seconds(1)))
    host.behaviours[1].readyAfter = .seconds(60)
    host.run()
    #expect(host.conclusion?.outcome == .completed)
  }

  @Test("A node that ends before it is ready fails the run at once, with its exit code")
  func endBeforeReady() {
    var host = FakeHost(.small())
    host.behaviours[0].readyAfter = nil
    host.behaviours[0].crashesAfter = .milliseconds(5)
    host.behaviours[0].crash = .code(64)
    host.run()
    #expect(
      host.conclusion
        == SupervisorCore.Conclusion(
          outcome: .failed, reason: "seed-1 ended before it was ready (exit code 64)",
          began: false, blamed: ["seed-1"], launchFailure: .code(64)))
    #expect(host.now - Instant(microseconds: 1_000_000) < .seconds(1))
  }

  @Test("A process that cannot be started fails the run, and those that were started end")
  func spawnFailure() {
    var host = FakeHost(.small(seeds: 3))
    host.behaviours[2].cannotStart = true
    host.run()
    #expect(host.conclusion?.reason == "seed-3 could not be started: no such file")
    #expect(host.count("terminate seed-1") == 1)
  }

  @Test("Groups that wait for each other fail the run instead of waiting for ever")
  func circleOfGroups() {
    var plan = Plan.small()
    plan.nodes[0].after = "peer"
    var host = FakeHost(plan)
    host.run()
    #expect(
      host.conclusion?.reason
        == "no node can start; not started: seed-1, peer-1, peer-2, waiting for peer, seed")
  }

  @Test("A large launch can be interrupted between its processes")
  func launchIsInterruptible() {
    var core = FakeHost(.small(seeds: 5_000)).core
    let now = Instant(microseconds: 1)
    func spawns(_ effects: [SupervisorCore.Effect]) -> Int {
      effects.count { if case .spawn = $0 { true } else { false } }
    }
    var effects = core.handle(.launched, at: now)
    effects += core.handle(.due, at: now)
    #expect((1..<100).contains(spawns(effects)))
    #expect(core.wakeAt == now, "more are to be started at once")
    #expect(spawns(core.handle(.interrupted, at: now)) == 0)
    #expect(spawns(core.handle(.due, at: now)) == 0)
  }

  @Test("Usage is sampled at the start and every second until the end")
  func usageIsSampled() {
    var host = FakeHost(.small(stopAt: .seconds(10)))
    host.run()
    #expect(host.trace.count { $0.effect == .sampleUsage } == 11)
  }
}
