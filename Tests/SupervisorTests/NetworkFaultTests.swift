import Participants
import Supervisor
import Testing
import Topology

@Suite("Faults on the network")
struct NetworkFaultTests {
  @Test(
    "A disturbance is on record before it happens, is there at once, and ends in time",
    arguments: [PlannedFault.Action.partition, .loss, .latency])
  func disturbance(action: PlannedFault.Action) throws {
    var host = FakeHost(.small(faults: [.at(2, action, lasting: .milliseconds(1_500))]))
    host.run()
    let places = try [
      "fault.planned 1", "run.began", "fault.applied 1", "disturb 0", "fault.confirmed 1",
      "restore 0", "fault.healed 1", "run.stopping",
    ].map { try host.place(of: $0) }
    #expect(places == places.sorted())
    #expect(try host.moment(of: "disturb 0") == .seconds(2))
    #expect(try host.moment(of: "fault.confirmed 1") == .seconds(2))
    #expect(try host.moment(of: "restore 0") == .milliseconds(3_500))
    #expect(try host.moment(of: "fault.healed 1") == .milliseconds(3_500))
    #expect(host.conclusion?.outcome == .completed)
  }

  @Test("What is planned says who is disturbed, and how")
  func planned() throws {
    let names = (1...7).map { "peer-\($0)" }
    var plan = Plan.small()
    plan.faults = [
      PlannedFault(
        id: 1, action: .loss, at: .seconds(2), lasting: .seconds(1),
        network: NetworkFault(from: ["seed-1"], to: names, oneWay: true, loss: 200_000)),
      PlannedFault(
        id: 2, action: .latency, at: .seconds(3),
        network: NetworkFault(from: ["seed-1"], to: ["peer-1"], latency: .milliseconds(200))),
    ]
    var host = FakeHost(plan)
    host.run()
    let planned = host.events.filter { $0.kind == "fault.planned" }
    #expect(planned.count == 2)
    let fields: KeyValuePairs<String, Event.Value> = [
      "fault": .integer(1), "action": "loss", "at": .integer(2_000_000),
      "lasting": .integer(1_000_000), "from": "seed-1",
      "to": "peer-1, peer-2, peer-3, peer-4, peer-5 and 2 more", "one_way": .flag(true),
      "loss": .integer(200_000),
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
    #expect(host.count("disturb 0") == 1)
    #expect(host.count("restore 0") == 0)
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
    #expect(try host.place(of: "restore 0") < host.place(of: "disturb 1"))
    #expect(try host.moment(of: "restore 1") == .seconds(6))
  }

  @Test("What was not begun when the run stops is skipped")
  func interrupted() {
    var host = FakeHost(
      .small(faults: [
        .at(2, .partition, lasting: .seconds(6)), .at(8, .loss, id: 2, lasting: .seconds(1)),
      ]))
    host.schedule(.interrupted, after: .seconds(5))
    host.run()
    #expect(host.count("disturb 0") == 1)
    #expect(host.count("restore 0") == 0)
    #expect(host.count("fault.skipped 2") == 1)
    #expect(host.count("disturb 1") == 0)
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
    arguments: [PlannedFault.Action.kill, .stop, .pause, .restart])
  func faultBefore(action: PlannedFault.Action) throws {
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
