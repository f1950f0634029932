import Faults
import Participants
import Supervisor
import Testing
import Topology

@Suite("Faults on the network")
struct NetworkFaultTests {
  @Test(
    "A disturbance is on record before it happens, is confirmed by its nodes, and ends in time",
    arguments: [Fault.Action.partition, .loss(1), .latency(.seconds(1)), .bandwidth(1)])
  func disturbance(action: Fault.Action) throws {
    var host = FakeHost(.small(faults: [.at(2, action, lasting: .milliseconds(1_500))]))
    host.run()
    let places = try [
      "fault.planned 1", "run.began", "fault.applied 1", "rules 1: 0", "heed peer-2",
      "fault.confirmed 1", "rules 2:", "fault.healed 1", "run.stopping",
    ].map { try host.place(of: $0) }
    #expect(places == places.sorted())
    #expect(try host.moment(of: "rules 1: 0") == .seconds(2))
    #expect(try host.moment(of: "fault.confirmed 1") == .seconds(2) + Microseconds(200))
    #expect(try host.moment(of: "rules 2:") == .milliseconds(3_500))
    #expect(try host.moment(of: "fault.healed 1") == .milliseconds(3_500) + Microseconds(200))
    #expect(host.conclusion?.outcome == .completed)
  }

  @Test("Only the nodes on its sides are told")
  func told() {
    var host = FakeHost(.small(peers: 4, faults: [.at(2, .partition, lasting: .seconds(1))]))
    host.run()
    #expect(["peer-1", "peer-2", "seed-1"].allSatisfy { host.count("heed \($0)") == 2 })
    #expect(host.count("heed peer-3") == 0)
  }

  @Test("One that its nodes never go by is never confirmed, and none that never end it heal it")
  func deaf() {
    var host = FakeHost(.small(faults: [.at(2, .partition, lasting: .seconds(1))]))
    host.heedsAfter = nil
    host.run()
    #expect(host.count("fault.applied 1") == 1)
    #expect(host.count("fault.confirmed 1") == 0)
    #expect(host.count("rules 2:") == 1)
    #expect(host.count("fault.healed 1") == 0)
  }

  @Test("It is not confirmed before the last node goes by it")
  func slow() throws {
    var host = FakeHost(.small(faults: [.at(2, .partition, lasting: .seconds(4))]))
    host.heedsAfter = .seconds(3)
    host.run()
    #expect(try host.moment(of: "fault.confirmed 1") == .seconds(5))
    #expect(try host.moment(of: "fault.healed 1") == .seconds(9))
  }

  @Test("Who has died, or is frozen, is not waited for")
  func absent() throws {
    var host = FakeHost(
      .small(faults: [
        .at(1, .kill, "peer-1"), .at(2, .pause, "peer-2", id: 2),
        .at(3, .partition, id: 3, lasting: .seconds(1)),
      ]))
    host.run()
    #expect(host.count("heed peer-1") == 0)
    #expect(host.count("heed peer-2") == 2)
    #expect(try host.moment(of: "fault.confirmed 3") == .seconds(3) + Microseconds(200))
    #expect(try host.moment(of: "fault.healed 3") == .seconds(4) + Microseconds(200))
  }

  @Test("Where all that it is between have died, it is there at once")
  func nobody() throws {
    var host = FakeHost(
      .small(faults: [
        .at(1, .kill, "peer-1"), .at(1, .kill, "peer-2", id: 2), .at(1, .kill, "seed-1", id: 3),
        .at(2, .partition, id: 4, lasting: .seconds(1)),
      ]))
    host.run()
    #expect(try host.moment(of: "fault.confirmed 4") == .seconds(2))
    #expect(try host.moment(of: "fault.healed 4") == .seconds(3))
  }

  @Test("The address of one that joins meanwhile is told to all that are concerned")
  func lateJoiner() throws {
    var plan = Plan.small(late: [.seconds(3)])
    plan.faults = [
      Fault(id: 1, action: .partition, between: ["peer-1"], and: ["late-1"], at: .seconds(2))
    ]
    var host = FakeHost(plan)
    host.run()
    #expect(try host.moment(of: "rules 2: 0") > .seconds(3))
    #expect(try host.place(of: "rules 2: 0") < host.place(of: "heed late-1"))
    #expect(host.count("heed peer-1") == 2)
    #expect(host.count("fault.confirmed 1") == 1)
  }

  @Test("One that is started while the rules change is told when it is there")
  func startedMeanwhile() throws {
    var host = FakeHost(
      .small(faults: [
        .at(1, .kill, "peer-1"), .at(2, .restart, "peer-1", id: 2), .at(2, .partition, id: 3),
      ]))
    host.run()
    #expect(try host.place(of: "rules 1: 2") < host.place(of: "heed peer-1"))
  }

  @Test("What is planned says who is disturbed, and how")
  func planned() throws {
    let names = (1...7).map { "peer-\($0)" }
    var plan = Plan.small()
    plan.faults = [
      Fault(
        id: 1, action: .loss(200_000), between: ["seed-1"], and: names, oneWay: true,
        at: .seconds(2), lasting: .seconds(1)),
      Fault(
        id: 2, action: .latency(.milliseconds(200)), between: ["seed-1"], and: ["peer-1"],
        at: .seconds(3)),
    ]
    var host = FakeHost(plan)
    host.run()
    let planned = host.events.filter { $0.kind == "fault.planned" }
    #expect(planned.count == 2)
    let fields: KeyValuePairs<String, any EventValue> = [
      "fault": 1, "action": "loss", "at": 2_000_000, "lasting": 1_000_000, "from": "seed-1",
      "to": "peer-1, peer-2, peer-3, peer-4, peer-5 and 2 more", "one_way": true,
      "loss": 200_000,
    ]
    #expect(planned.first == Event(EventKind("fault.planned", ""), fields))
    #expect(planned.last?["latency"] == .integer(200_000))
    #expect(planned.last?["one_way"] == .flag(false))
    #expect(planned.last?["node"] == nil)
  }

  @Test("A disturbance to the end is never restored")
  func toTheEnd() {
    var host = FakeHost(.small(faults: [.at(2, .partition)]))
    host.run()
    #expect(host.count("rules 1: 0") == 1)
    #expect(host.count("rules 2:") == 0)
    #expect(host.count("fault.healed 1") == 0)
    #expect(host.conclusion?.outcome == .completed)
  }

  @Test("One that ends when the next begins is restored first")
  func oneAfterTheOther() throws {
    var host = FakeHost(
      .small(faults: [
        .at(2, .partition, lasting: .seconds(2)), .at(4, .partition, id: 2, lasting: .seconds(2)),
      ]))
    host.run()
    #expect(try host.place(of: "rules 2:") < host.place(of: "rules 3: 1"))
    #expect(try host.moment(of: "rules 4:") == .seconds(6))
  }

  @Test("What was not begun when the run stops is skipped")
  func interrupted() {
    var host = FakeHost(
      .small(faults: [
        .at(2, .partition, lasting: .seconds(6)), .at(8, .loss(1), id: 2, lasting: .seconds(1)),
      ]))
    host.schedule(.interrupted, after: .seconds(5))
    host.run()
    #expect(host.count("rules 1: 0") == 1)
    #expect(host.count("rules 2:") == 0)
    #expect(host.count("fault.skipped 2") == 1)
  }
}

@Suite("Late joiners")
struct LateJoinerTests {
  @Test("The run begins without them, and they start at their times")
  func joining() throws {
    var host = FakeHost(.small(late: [.seconds(3), .milliseconds(3_500)]))
    host.run()
    #expect(try host.moment(of: "spawn late-1 127.0.0.1:0") == .seconds(3))
    #expect(try host.moment(of: "spawn late-2 127.0.0.1:0") == .milliseconds(3_500))
    #expect(try host.moment(of: "terminate late-2") == .seconds(10))
    #expect(host.conclusion?.outcome == .completed)
    #expect(host.conclusion?.reason == "")
  }

  @Test("The launch's progress counts those of the launch")
  func progress() {
    var core = FakeHost(.small(late: [.seconds(3)])).core
    _ = core.handle(.launched, at: Instant(microseconds: 1))
    #expect(core.progress.nodes == 3)
  }

  @Test("One that does not become ready in time fails the run, whoever comes after it")
  func neverReady() throws {
    let joins = (0..<60).map { Microseconds.seconds(3) + .seconds(1) * $0 }
    var host = FakeHost(.small(late: joins, stopAt: .seconds(100)))
    host.behaviours[4].readyAfter = nil
    host.run()
    #expect(try host.moment(of: "run.stopping") == .seconds(34))
    #expect(
      host.conclusion?.reason
        == "not ready within 30s: late-2 (started, but wrote no node.ready)")
    #expect(host.conclusion?.began == true)
  }

  @Test("A restarted node that is never ready is noticed before the last has joined")
  func restartMeanwhile() throws {
    var host = FakeHost(
      .small(late: [.seconds(80)], faults: [.at(2, .restart, "peer-1")], stopAt: .seconds(100)))
    host.behaviours[1].readyAgainAfter = nil
    host.run()
    #expect(try host.moment(of: "run.stopping") < .seconds(33))
  }

  @Test(
    "A fault on one that has not joined yet is skipped, with the reason",
    arguments: [Fault.Action.kill, .stop, .pause, .restart])
  func faultBefore(action: Fault.Action) throws {
    var host = FakeHost(.small(late: [.seconds(3)], faults: [.at(2, action, "late-1")]))
    host.run()
    let skipped = try #require(host.events.first { $0.kind == "fault.skipped" })
    #expect(skipped["reason"] == .text("late-1 has not joined yet"))
    #expect(host.count("spawn late-1 127.0.0.1:0") == 1)
  }

  @Test("A run that stops before does not start them")
  func stoppedBefore() {
    var host = FakeHost(.small(late: [.seconds(3)]))
    host.schedule(.interrupted, after: .seconds(1))
    host.run()
    #expect(host.count("spawn late-1 127.0.0.1:0") == 0)
    #expect(host.conclusion?.outcome == .interrupted)
  }

  @Test("Many that join at once are started in parts, and all of them")
  func crowd() throws {
    var host = FakeHost(.small(late: Array(repeating: .seconds(3), count: 100)))
    host.run()
    #expect(host.events.count { $0.kind == "node.spawned" } == 103)
    #expect(try host.moment(of: "spawn late-100 127.0.0.1:0") == .seconds(3))
  }
}
