import Faults
import Participants
import Supervisor
import Testing
import Topology

@Suite("The end of a run")
struct EndTests {
  @Test("A node that ignores SIGTERM is killed after the limit, and named")
  func stubbornNode() throws {
    var host = FakeHost(.small())
    host.behaviours[1].endsAfterTerminate = nil
    host.run()
    #expect(try host.moment(of: "kill peer-1") == .seconds(15))
    #expect(host.count("kill peer-2") == 0)
    #expect(host.conclusion?.outcome == .completed)
    #expect(host.conclusion?.reason == "had to be killed at the end: peer-1")
  }

  @Test("A crash on the way down is unexpected")
  func crashWhileStopping() throws {
    var host = FakeHost(.small())
    host.behaviours[1].endsAfterTerminate = nil
    host.behaviours[1].crashesAfter = .seconds(12)
    host.run()
    #expect(host.conclusion?.outcome == .failed)
  }

  @Test("The first interruption stops the nodes in order, and what was not applied is skipped")
  func interruption() throws {
    var host = FakeHost(.small(faults: [.at(8, .kill, "peer-1")]))
    host.schedule(.interrupted, after: .seconds(5))
    host.run()
    #expect(host.count("terminate peer-1") == 1)
    #expect(host.count("kill peer-1") == 0)
    #expect(host.count("fault.skipped 1") == 1)
    #expect(host.events.first { $0.kind == "run.stopping" }?["reason"] == .text("interrupted"))
    #expect(host.conclusion?.outcome == .interrupted)
  }

  @Test("The second interruption kills what is left at once")
  func secondInterruption() {
    var host = FakeHost(.small())
    for index in host.behaviours.indices { host.behaviours[index].endsAfterTerminate = nil }
    host.schedule(.interrupted, after: .seconds(5))
    host.schedule(.interrupted, after: .seconds(6))
    host.run()
    #expect(host.now - Instant(microseconds: 1_000_000) < .milliseconds(6_100))
    #expect(host.conclusion?.outcome == .interrupted)
  }

  @Test("A run that cannot be recorded is stopped in order and has failed")
  func outsideFailure() {
    var host = FakeHost(.small())
    host.schedule(.failed("the disk is full"), after: .seconds(5))
    host.run()
    #expect(host.count("terminate peer-2") == 1)
    #expect(host.conclusion?.outcome == .failed)
    #expect(host.conclusion?.reason == "the disk is full")
    #expect(host.conclusion?.storageFailed == false)
  }

  @Test(
    "A run whose folder cannot be written to has failed for that, and not for the nodes that ended")
  func fullDisk() {
    var host = FakeHost(.small())
    host.behaviours[1].crashesAfter = .seconds(5)
    host.schedule(.storageFailed("cannot write logs: no space"), after: .seconds(5))
    host.run()
    #expect(host.conclusion?.outcome == .failed)
    #expect(host.conclusion?.reason == "cannot write logs: no space")
    #expect(host.conclusion?.storageFailed == true)
  }

  @Test("A supervisor that was stopped and goes on notes for how long, and a short break is none")
  func continued() {
    var host = FakeHost(.small())
    host.schedule(.continued(after: .milliseconds(2_400)), after: .seconds(4))
    host.schedule(.continued(after: .seconds(7)), after: .seconds(5))
    host.run()
    let events = host.events.filter { $0.kind == "run.continued" }
    #expect(events.map { $0["idle"] } == [.integer(7_000_000)])
    #expect(host.conclusion?.outcome == .completed)
  }

  @Test("Processes that outlive their node are waited for, then named")
  func survivors() {
    var host = FakeHost(.small())
    host.survivors = [1]
    host.run()
    #expect(host.conclusion?.outcome == .failed)
    #expect(host.conclusion?.reason == "processes started by peer-1 could not be ended")
  }

  @Test("A run whose nodes have all ended already does not wait to stop them")
  func nothingLeftToStop() throws {
    var host = FakeHost(
      .small(peers: 0, faults: [.at(1, .kill, "seed-1")], stopAt: .seconds(2)))
    host.run()
    #expect(try host.moment(of: "run.ended") == .seconds(2))
  }

  @Test("The last event is the run's end, and nothing is asked for after it")
  func endIsLast() {
    var host = FakeHost(.small())
    host.run()
    #expect(host.events.last?.kind == "run.ended")
    #expect(host.core.handle(.interrupted, at: host.now).isEmpty)
    #expect(host.core.handle(.due, at: host.now + .seconds(9)).isEmpty)
  }
}
