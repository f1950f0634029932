import Checks
import Faults
import Participants
import Testing

@Suite("only-dead-nodes-are-reported") struct OnlyDeadNodesAreReportedTests {
  private let check = "only-dead-nodes-are-reported"

  /// peer-2 tells both seeds that peer-3 is dead; they dial it and keep it.
  private func report(in story: Story, of dead: String = "peer-3", at moment: Double) {
    for seed in Story.seeds {
      story.say(
        "peer-2", "dead.reported", at: moment, peer: dead, ["seed": Story.address(seed).description]
      )
      story.hear(seed, of: dead, from: "peer-2", at: moment + 0.01)
      story.say(seed, "report.disputed", at: moment + 0.02, peer: dead, story.by("peer-2"))
    }
  }

  @Test("Who reports a live peer fails this check alone, once for both seeds")
  func liveReported() throws {
    let story = Story.ofOneDeath()
    report(in: story, at: 15)
    #expect(try story.objections() == ["\(check): fail"])
    let judgement = try story.judgement(check)
    #expect(judgement.reason == "1 violation, 5 witnesses")
    #expect(judgement.column("reported") == ["peer-3"])
    #expect(judgement.column("reporter") == ["peer-2"])
    #expect(judgement.column("reported_s") == ["15.0"])
    #expect(judgement.column("told") == ["seed-1, seed-2"])
    #expect(judgement.column("but") == ["it had not died"])
  }

  @Test("A report before the death is false")
  func beforeDeath() throws {
    let story = Story.ofOneDeath()
    report(in: story, of: "peer-5", at: 9.9)
    #expect(try story.judgement(check).column("but") == ["it had not died"])
  }

  @Test(
    "A peer that is frozen for less than the tolerance must not be reported",
    arguments: [
      (10.5, "it was frozen only since 10.0 s"), (12.5, "it was back since 10.6 s"),
    ])
  func frozenShortly(moment: Double, reason: String) throws {
    let story = Story()
    story.pause("peer-3", at: 10, for: 0.6)
    report(in: story, at: moment)
    let judgement = try story.judgement(check)
    #expect(judgement.verdict == .fail)
    #expect(judgement.column("but") == [reason])
  }

  @Test(
    "A frozen peer may be reported when enough replies can be missing",
    arguments: [
      (10.9, Verdict.fail), (11.1, .pass), (14.9, .pass), (15.9, .pass), (16.1, .fail),
    ])
  func frozen(moment: Double, verdict: Verdict) throws {
    let story = Story()
    story.pause("peer-3", at: 10, for: 5)
    report(in: story, at: moment)
    #expect(try story.judgement(check).verdict == verdict)
  }

  @Test(
    "A node that is back may be reported for another second",
    arguments: [
      (10.1, Verdict.pass), (13.0, .pass), (13.3, .fail),
    ])
  func restarted(moment: Double, verdict: Verdict) throws {
    let story = Story()
    story.fell("peer-3", at: 10)
    story.restart("peer-3", at: 12)
    report(in: story, at: moment)
    #expect(try story.judgement(check).verdict == verdict)
  }

  @Test("A restart of a dead node is not a second death")
  func restartIsNoDeath() throws {
    let story = Story()
    story.fell("peer-3", at: 10)
    story.restart("peer-3", at: 12)
    // It ends with the others, in order.
    story.exit("peer-3", at: 30.2)
    report(in: story, at: 25)
    #expect(try story.judgement(check).column("but") == ["it was back since 12.1 s"])
  }

  @Test("A node that died frozen and came back can be reported falsely again")
  func killedWhileFrozen() throws {
    let story = Story()
    story.pause("peer-3", at: 8)
    story.unsay("fault.healed")
    story.fell("peer-3", at: 10)
    story.restart("peer-3", at: 12)
    report(in: story, at: 25)
    #expect(try story.judgement(check).verdict == .fail)
  }

  @Test("Reports after the nodes were told to stop do not count")
  func afterStop() throws {
    let story = Story.ofOneDeath()
    report(in: story, at: 30.05)
    #expect(try story.objections() == [])
  }

  @Test("A report of an address that nobody has is false")
  func unknownAddress() throws {
    let story = Story()
    report(in: story, of: "peer-77", at: 10)
    let judgement = try story.judgement(check)
    #expect(judgement.column("reported") == ["127.0.0.1:6077"])
    #expect(judgement.column("but") == ["no node of this run has that address"])
  }

  @Test("A false report on an overloaded host is inconclusive")
  func overloaded() throws {
    let story = Story()
    report(in: story, at: 15)
    story.overload(from: 12, to: 14)
    #expect(try story.judgement(check).verdict == .inconclusive)
  }

  @Test("Where no peer had a link it is inconclusive")
  func noLinks() throws {
    let story = Story()
    story.unsay("link.opened")
    #expect(try story.judgement(check).verdict == .inconclusive)
  }
}
