import Checks
import Faults
import Participants
import Testing

@Suite("dead-nodes-are-reported") struct DeadNodesAreReportedTests {
  private let check = "dead-nodes-are-reported"

  @Test("A death that every neighbour reports satisfies every check")
  func reportedByAll() throws {
    #expect(try Story.ofOneDeath().objections() == [])
    #expect(try Story.ofOneDeath().judgement(check).reason == "2 witnesses")
  }

  @Test("One silent neighbour fails this check alone, and is named with those who spoke")
  func oneIsSilent() throws {
    let story = Story.ofOneDeath()
    story.unsay("dead.reported", by: "peer-4")
    for seed in Story.seeds {
      story.lines.removeAll {
        $0.node == seed && $0.event.kind == "report.received"
          && $0.event["by"] == .text(Story.address("peer-4").description)
      }
    }
    #expect(try story.objections() == ["\(check): fail"])
    let judgement = try story.judgement(check)
    #expect(judgement.violations == 1)
    #expect(judgement.column("dead") == ["peer-5"])
    #expect(judgement.column("cause") == ["killed"])
    #expect(judgement.column("died_s") == ["10.0"])
    #expect(judgement.column("due_s") == ["14.01"])
    #expect(judgement.column("silent_neighbours") == ["peer-4"])
    #expect(judgement.column("reported_by") == ["peer-1"])
  }

  @Test("A death that nobody reports fails, and so do the seeds that go on listing the dead")
  func nobodySpeaks() throws {
    let story = Story()
    story.fell("peer-5", at: 10)
    for neighbour in ["peer-4", "peer-1"] { story.close(neighbour, "peer-5", at: 10.1) }
    #expect(try story.objections() == ["\(check): fail", "seeds-agree-on-who-is-alive: fail"])
    let judgement = try story.judgement(check)
    #expect(judgement.column("silent_neighbours") == ["peer-1, peer-4"])
    #expect(judgement.column("reported_by") == ["nobody"])
  }

  @Test("Each death is a violation of its own")
  func twoDeaths() throws {
    let story = Story()
    story.fell("peer-5", at: 8)
    story.fell("peer-3", at: 9)
    #expect(try story.judgement(check).column("dead") == ["peer-5", "peer-3"])
  }

  @Test("A report that no seed heard is none")
  func unheard() throws {
    let story = Story.ofOneDeath()
    story.unsay("report.received")
    #expect(try story.judgement(check).verdict == .fail)
  }

  @Test("A report that one seed heard is enough")
  func oneSeedHeard() throws {
    let story = Story.ofOneDeath()
    story.unsay("report.received", by: "seed-1")
    #expect(try story.judgement(check).verdict == .pass)
  }

  @Test(
    "A report after the deadline that the options imply is too late",
    arguments: [
      (13.9, Verdict.pass), (14.2, .fail),
    ])
  func late(moment: Double, verdict: Verdict) throws {
    let story = Story()
    story.fell("peer-5", at: 10)
    story.report("peer-5", by: "peer-4", "peer-1", at: moment)
    #expect(try story.judgement(check).verdict == verdict)
  }

  @Test("A report from before the death does not count for it")
  func early() throws {
    let story = Story()
    story.fell("peer-5", at: 10)
    story.report("peer-5", by: "peer-4", "peer-1", at: 10.1)
    story.unsay("dead.reported", by: "peer-1")
    story.say(
      "peer-1", "dead.reported", at: 9.5, peer: "peer-5",
      ["seed": Story.address("seed-1").description])
    #expect(try story.judgement(check).column("silent_neighbours") == ["peer-1"])
  }

  @Test("A neighbour that dies before its deadline has no duty", arguments: ["kill", "stop"])
  func neighbourDies(action: String) throws {
    let story = Story()
    story.fell("peer-5", at: 10)
    story.report("peer-5", by: "peer-1", at: 10.1)
    story.fell("peer-4", at: 13, by: action)
    story.report("peer-4", by: "peer-3", "peer-2", at: 13.1)
    let judgement = try story.judgement(check)
    #expect(judgement.verdict == .pass)
    #expect(judgement.witnesses == 3)
  }

  @Test("A neighbour that was dead already has no duty")
  func neighbourWasDead() throws {
    let story = Story()
    story.fell("peer-4", at: 9)
    story.report("peer-4", by: "peer-3", "peer-2", "peer-5", at: 9.1)
    story.fell("peer-5", at: 14)
    story.report("peer-5", by: "peer-1", at: 14.1)
    #expect(try story.judgement(check).witnesses == 4)
    #expect(try story.objections() == [])
  }

  @Test("A neighbour that is frozen before its deadline has no duty")
  func neighbourFreezes() throws {
    let story = Story()
    story.fell("peer-5", at: 10)
    story.report("peer-5", by: "peer-1", at: 10.1)
    story.pause("peer-4", at: 9, for: 1.5)
    #expect(try story.judgement(check).witnesses == 1)
  }

  @Test(
    "Who closed the link for a reason of its own has no duty",
    arguments: [
      ("displaced", 9.0), ("displaced", 10.005), ("duplicate", 10.005), ("busy", 10.005),
      ("mute", 10.005), ("stopping", 10.005), ("garbled", 10.005), ("ended", 9.0),
    ])
  func linkWasClosed(reason: String, moment: Double) throws {
    let story = Story()
    story.fell("peer-5", at: 10)
    story.report("peer-5", by: "peer-1", at: 10.1)
    story.close("peer-4", "peer-5", at: moment, reason)
    #expect(try story.judgement(check).witnesses == 1)
  }

  @Test(
    "Who found the link broken has a duty", arguments: ["ended", "reset", "silent", "backlogged"])
  func linkBroke(reason: String) throws {
    let story = Story()
    story.fell("peer-5", at: 10)
    story.report("peer-5", by: "peer-1", at: 10.1)
    story.close("peer-4", "peer-5", at: 10.05, reason)
    #expect(try story.judgement(check).column("silent_neighbours") == ["peer-4"])
  }

  @Test("Of two links to one neighbour the one that was left counts")
  func duplicateLink() throws {
    let story = Story()
    story.link("peer-4", "peer-5", at: 3)
    story.close("peer-4", "peer-5", at: 3.01, "duplicate")
    story.close("peer-5", "peer-4", at: 3.01, "duplicate")
    story.fell("peer-5", at: 10)
    story.report("peer-5", by: "peer-1", at: 10.1)
    #expect(try story.judgement(check).column("silent_neighbours") == ["peer-4"])
  }

  @Test("Nobody has to report a node that is back before the deadline")
  func backInTime() throws {
    let story = Story()
    story.fell("peer-5", at: 10)
    story.restart("peer-5", at: 12)
    let judgement = try story.judgement(check)
    #expect(judgement.verdict == .inconclusive)
    #expect(judgement.witnesses == 0)
  }

  @Test("A node that comes back after the deadline had to be reported")
  func backTooLate() throws {
    let story = Story()
    story.fell("peer-5", at: 10)
    story.restart("peer-5", at: 15)
    #expect(try story.judgement(check).verdict == .fail)
  }

  @Test("What nobody reported is inconclusive when the run ended before it was due")
  func endedTooEarly() throws {
    let story = Story(stop: 13)
    story.fell("peer-5", at: 10)
    let judgement = try story.judgement(check)
    #expect(judgement.verdict == .inconclusive)
    #expect(judgement.reason.hasPrefix("0 of at least 1 witness: no peer died"))
  }

  @Test("A report in time counts even when the run ended before it was due")
  func reportedBeforeTheEnd() throws {
    #expect(try Story.ofOneDeath(stop: 13).judgement(check).verdict == .pass)
  }

  @Test("Without any death it is not asked, and the other checks pass")
  func noDeath() throws {
    #expect(try Story().objections() == ["\(check): notAsked"])
  }

  @Test("The death of a seed is nobody's duty")
  func seedDies() throws {
    let story = Story()
    story.fell("seed-2", at: 10)
    #expect(try story.objections() == ["\(check): inconclusive"])
  }

  @Test("Nobody has a duty when no seed lived to hear the report")
  func noSeed() throws {
    let story = Story()
    for seed in Story.seeds { story.fell(seed, at: 6) }
    story.fell("peer-5", at: 10)
    #expect(try story.judgement(check).witnesses == 0)
  }

  @Test("A frozen peer must be reported like a dead one", arguments: [8.0, nil])
  func frozen(seconds: Double?) throws {
    let story = Story()
    story.pause("peer-5", at: 10, for: seconds)
    #expect(try story.judgement(check).column("cause") == ["frozen"])
    story.report("peer-5", by: "peer-4", "peer-1", at: 12.5, close: "silent")
    #expect(try story.judgement(check).reason == "2 witnesses")
  }

  @Test("A peer that is frozen for less than the tolerance need not be reported")
  func frozenShortly() throws {
    let story = Story()
    story.pause("peer-5", at: 10, for: 0.9)
    #expect(try story.objections() == ["\(check): inconclusive"])
  }

  @Test("A crash must be reported too, and is told apart")
  func crashed() throws {
    let story = Story()
    story.crash("peer-5", at: 10)
    #expect(try story.judgement(check).column("cause") == ["crashed"])
    story.report("peer-5", by: "peer-4", "peer-1", at: 9.9)
    #expect(try story.objections() == [])
  }

  @Test("A peer that is told to stop must be reported as well")
  func stopped() throws {
    let story = Story()
    story.fell("peer-5", at: 10, by: "stop")
    #expect(try story.judgement(check).column("cause") == ["stopped"])
  }

  @Test("A restart of a running peer kills it first")
  func restarted() throws {
    let story = Story()
    story.silence("peer-5", from: 10)
    story.fault("restart", "peer-5", at: 10, confirmed: 16)
    story.exit("peer-5", at: 10.01)
    story.ready("peer-5", at: 16)
    #expect(try story.judgement(check).column("cause") == ["killed"])
  }

  @Test(
    "Time in which the host was overloaded does not count against the network",
    arguments: [(16.0, Verdict.inconclusive), (17, .fail), (30, .fail)])
  func overloaded(stop: Double, verdict: Verdict) throws {
    let story = Story(stop: stop)
    story.fell("peer-5", at: 10)
    story.overload(from: 11, to: 13)
    let judgement = try story.judgement(check)
    #expect(judgement.verdict == verdict)
    guard verdict == .inconclusive else { return }
    #expect(
      judgement.reason == "1 violation, but the host was overloaded for 2.0 s meanwhile")
  }

  @Test(
    "A late report is excused by as much time as the host was overloaded",
    arguments: [(15.9, Verdict.inconclusive), (16.1, .fail)])
  func overloadedAndLate(moment: Double, verdict: Verdict) throws {
    let story = Story()
    story.fell("peer-5", at: 10)
    story.report("peer-5", by: "peer-4", "peer-1", at: moment)
    story.overload(from: 9, to: 10.5)
    story.overload(from: 12, to: 13.5)
    let judgement = try story.judgement(check)
    #expect(judgement.verdict == verdict)
    #expect(judgement.column("late_s") == ["\(moment)"])
  }

  @Test("A busy host that samples in time, and an idle one that samples late, are not overloaded")
  func busyOrLate() throws {
    let story = Story(stop: 15)
    story.fell("peer-5", at: 10)
    story.unsay("usage.sampled", from: 10.5, to: 14.5)
    for second in [11.0, 12, 13] { story.sample(at: second, busy: 1_000) }
    #expect(try story.judgement(check).verdict == .fail)
  }

  @Test(
    "A sample that is late by a tenth of a second on a busy host tells of an overload",
    arguments: [(0.05, Verdict.fail), (0.15, .inconclusive)])
  func lateByATenth(lateness: Double, verdict: Verdict) throws {
    let story = Story(stop: 15)
    story.fell("peer-5", at: 10)
    story.unsay("usage.sampled", from: 9.99, to: 14.99)
    var moment = 10.0
    while moment < 14.9 {
      story.sample(at: moment, busy: 1_000)
      moment += 1 + lateness
    }
    #expect(try story.judgement(check).verdict == verdict)
  }

  @Test("Where clocks may be off, a neighbour may see a death before it is dated")
  func earlyClock() throws {
    let story = Story()
    story.fell("peer-5", at: 10)
    for neighbour in ["peer-4", "peer-1"] { story.close(neighbour, "peer-5", at: 9.99) }
    #expect(try story.judgement(check).verdict == .inconclusive)
    story.clockSkew = .milliseconds(20)
    #expect(try story.judgement(check).violations == 1)
    story.report("peer-5", by: "peer-4", "peer-1", at: 9.991)
    #expect(try story.judgement(check).reason == "2 witnesses")
  }

  @Test("An overload at another time excuses nothing")
  func overloadedElsewhere() throws {
    let story = Story(stop: 15)
    story.fell("peer-5", at: 10)
    story.overload(from: 5, to: 9.9)
    #expect(try story.judgement(check).verdict == .fail)
  }
}
