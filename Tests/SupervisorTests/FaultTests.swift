import Participants
import Supervisor
import Testing
import Topology

@Suite("Faults")
struct FaultTests {
  @Test("A kill is on record before it happens, and confirmed when the process was reaped")
  func kill() throws {
    var host = FakeHost(.small(faults: [.at(2, .kill, "peer-1")]))
    host.run()
    let places = try [
      "fault.planned 1", "run.began", "fault.applied 1", "kill peer-1", "node.exited peer-1",
      "fault.confirmed 1", "run.stopping",
    ].map { try host.place(of: $0) }
    #expect(places == places.sorted())
    #expect(try host.moment(of: "fault.applied 1") == .seconds(2))
    let exit = try host.event("node.exited", node: "peer-1")
    #expect(exit["signal"] == .integer(9))
    #expect(exit["unexpected"] == .flag(false))
    #expect(host.count("fault.healed 1") == 0)
    #expect(host.conclusion?.outcome == .completed)
  }

  @Test("A stopped node gets SIGTERM alone, and its orderly end is expected")
  func stop() throws {
    var host = FakeHost(.small(faults: [.at(2, .stop, "peer-1")]))
    host.run()
    #expect(host.count("kill peer-1") == 0)
    #expect(host.count("terminate peer-1") == 1)
    #expect(try host.event("node.exited", node: "peer-1")["unexpected"] == .flag(false))
    #expect(host.count("fault.confirmed 1") == 1)
  }

  @Test("A pause is confirmed when it is seen, lasts as long as planned, and heals when seen")
  func pause() throws {
    var host = FakeHost(
      .small(faults: [.at(2, .pause, "peer-1", lasting: .milliseconds(1_500))]))
    host.run()
    #expect(try host.moment(of: "pause peer-1") == .seconds(2))
    let confirmed = try host.moment(of: "fault.confirmed 1")
    #expect(confirmed > .seconds(2))
    #expect(confirmed <= .seconds(2) + .milliseconds(6))
    #expect(try host.moment(of: "resume peer-1") == .milliseconds(3_500))
    #expect(try host.moment(of: "fault.healed 1") > .milliseconds(3_500))
    #expect(host.conclusion?.outcome == .completed)
  }

  @Test("A node paused to the end gets SIGTERM before SIGCONT")
  func pauseToTheEnd() throws {
    var host = FakeHost(.small(faults: [.at(2, .pause, "peer-1")]))
    host.run()
    #expect(try host.place(of: "terminate peer-1") < host.place(of: "resume peer-1"))
    #expect(host.count("fault.healed 1") == 0)
    #expect(try host.moment(of: "node.exited peer-1") < .seconds(11))
  }

  @Test("A pause ends with the death of its node, and heals nobody")
  func killWhilePaused() {
    var host = FakeHost(
      .small(faults: [
        .at(2, .pause, "peer-1", lasting: .seconds(3)), .at(3, .kill, "peer-1", id: 2),
      ]))
    host.run()
    #expect(host.count("fault.confirmed 1") == 1)
    #expect(host.count("fault.confirmed 2") == 1)
    #expect(host.count("resume peer-1") == 0)
    #expect(host.count("fault.healed 1") == 0)
  }

  @Test("A restart kills the node and starts it again at the same address")
  func restart() throws {
    var host = FakeHost(.small(faults: [.at(2, .restart, "peer-1")]))
    host.run()
    // The second process of three: seed-1 has 101, peer-1 102.
    let again = try host.place(of: "spawn peer-1 127.0.0.1:102")
    #expect(try host.place(of: "node.exited peer-1") < again)
    #expect(try again < host.place(of: "fault.confirmed 1"))
    #expect(try host.moment(of: "fault.confirmed 1") == host.moment(of: "fault.healed 1"))
    #expect(host.conclusion?.outcome == .completed)
  }

  @Test("A dead node can be restarted")
  func restartOfTheDead() {
    var host = FakeHost(
      .small(faults: [.at(2, .kill, "peer-1"), .at(3, .restart, "peer-1", id: 2)]))
    host.run()
    #expect(host.count("kill peer-1") == 1)
    #expect(host.count("spawn peer-1 127.0.0.1:102") == 1)
    #expect(host.count("fault.healed 2") == 1)
    #expect(host.count("terminate peer-1") == 1)
  }

  @Test("A restarted node that does not become ready fails the run, within the same deadline")
  func restartWithoutReadiness() throws {
    var host = FakeHost(.small(faults: [.at(2, .restart, "peer-1")], stopAt: .seconds(100)))
    host.behaviours[1].readyAgainAfter = nil
    host.run()
    #expect(try host.moment(of: "run.stopping") >= .seconds(32))
    #expect(
      host.conclusion?.reason
        == "not ready within 30s: peer-1 (started, but wrote no node.ready)")
    #expect(host.count("fault.confirmed 1") == 0)
  }

  @Test("The planned stop waits for a restarted node that is not ready yet")
  func restartBeforeTheStop() throws {
    var host = FakeHost(.small(faults: [.at(2, .restart, "peer-1")], stopAt: .seconds(5)))
    host.behaviours[1].readyAgainAfter = .seconds(10)
    host.run()
    #expect(try host.place(of: "fault.healed 1") < host.place(of: "run.stopping"))
    #expect(host.conclusion?.outcome == .completed)
  }

  @Test(
    "A fault on a node that has ended is skipped, with the reason",
    arguments: [PlannedFault.Action.kill, .stop, .pause])
  func faultOnTheDead(action: PlannedFault.Action) throws {
    var host = FakeHost(
      .small(faults: [.at(2, .kill, "peer-1"), .at(3, action, "peer-1", id: 2)]))
    host.run()
    let skipped = try #require(host.events.first { $0.kind == "fault.skipped" })
    #expect(skipped["fault"] == .integer(2))
    #expect(skipped["reason"] == .text("peer-1 has ended already"))
    #expect(host.count("fault.applied 2") == 0)
    #expect(host.conclusion?.outcome == .completed)
  }

  @Test("A second pause of a paused node is skipped, so that the first one's end stays the end")
  func pauseTwice() {
    var host = FakeHost(
      .small(faults: [
        .at(2, .pause, "peer-1", lasting: .seconds(3)),
        .at(3, .pause, "peer-1", id: 2, lasting: .seconds(5)),
      ]))
    host.run()
    #expect(host.count("pause peer-1") == 1)
    #expect(host.count("fault.skipped 2") == 1)
    #expect(host.count("fault.healed 1") == 1)
  }

  @Test("A stop of a paused node is confirmed once the pause is over")
  func stopWhilePaused() throws {
    var host = FakeHost(
      .small(faults: [
        .at(2, .pause, "peer-1", lasting: .seconds(3)), .at(3, .stop, "peer-1", id: 2),
      ]))
    host.run()
    #expect(try host.moment(of: "fault.confirmed 2") > .seconds(5))
    #expect(try host.event("node.exited", node: "peer-1")["unexpected"] == .flag(false))
  }

  @Test("A node that ends unasked is an event, and fails the run at its end")
  func unexpectedExit() throws {
    var host = FakeHost(.small())
    host.behaviours[2].crashesAfter = .seconds(4)
    host.run()
    #expect(try host.event("node.exited", node: "peer-2")["unexpected"] == .flag(true))
    #expect(try host.moment(of: "run.stopping") == .seconds(10))
    #expect(host.conclusion?.outcome == .failed)
    #expect(host.conclusion?.reason == "ended unasked: peer-2 (signal 11)")
    #expect(host.conclusion?.blamed == ["peer-2"])
  }

  @Test("A node that ends unasked leaves the run successful where the plan allows it")
  func allowedExit() {
    var host = FakeHost(.small(allowsUnexpectedExits: true))
    host.behaviours[2].crashesAfter = .seconds(4)
    host.run()
    #expect(host.conclusion?.outcome == .completed)
    #expect(host.conclusion?.reason == "ended unasked: peer-2 (signal 11)")
  }
}
