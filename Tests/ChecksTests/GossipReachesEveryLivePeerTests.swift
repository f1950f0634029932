import Checks
import Faults
import Participants
import Testing

@Suite("gossip-reaches-every-live-peer") struct GossipReachesEveryLivePeerTests {
  private let check = "gossip-reaches-every-live-peer"

  @Test("A text that one peer never gets fails this check alone")
  func missed() throws {
    let story = Story.ofOneDeath()
    story.unsay("gossip.received", by: "peer-3")
    #expect(try story.objections() == ["\(check): fail"])
    let judgement = try story.judgement(check)
    #expect(judgement.reason == "1 violation, 3 witnesses")
    #expect(judgement.column("peer") == ["peer-3"])
    #expect(judgement.column("text") == [Story.text])
    #expect(judgement.column("origin") == ["peer-1"])
    #expect(judgement.column("sent_s") == ["5.0"])
    #expect(judgement.column("due_s") == ["12.0"])
    #expect(judgement.column("received_s") == ["NULL"])
  }

  @Test(
    "A text that comes after the deadline is too late",
    arguments: [
      (11.9, Verdict.pass), (12.1, .fail),
    ])
  func late(moment: Double, verdict: Verdict) throws {
    let story = Story()
    story.unsay("gossip.received", by: "peer-3")
    story.receive(Story.text, "peer-3", at: moment)
    #expect(try story.judgement(check).verdict == verdict)
  }

  @Test(
    "One that deaths in a row hold up is late so long after the last of them",
    arguments: [
      (3.0, 14.4, Verdict.pass), (3.0, 14.6, .fail), (nil, 12.1, .fail), (-3.0, 12.1, .fail),
    ] as [(Double?, Double, Verdict)])
  func deathsInARow(first: Double?, moment: Double, verdict: Verdict) throws {
    let story = Story()
    if let first { story.pause("peer-5", at: first, for: 0.1) }
    story.pause("peer-4", at: 7.5, for: 0.1)
    story.unsay("gossip.received", by: "peer-3")
    story.receive(Story.text, "peer-3", at: moment)
    #expect(try story.judgement(check).verdict == verdict)
  }

  @Test("Another text of the same words is another text")
  func otherText() throws {
    let story = Story()
    story.send("9.5:127.0.0.1:6001:hello", from: "peer-1", at: 9.5)
    #expect(try story.judgement(check).violations == 4)
  }

  @Test("A peer that dies before the deadline need not get it", arguments: ["kill", "stop"])
  func audienceDies(action: String) throws {
    let story = Story()
    story.unsay("gossip.received", by: "peer-3")
    story.fell("peer-3", at: 11, by: action)
    #expect(try story.judgement(check).reason == "3 witnesses")
  }

  @Test("A peer that was frozen meanwhile need not get it", arguments: [4.0, 11.0])
  func audienceFreezes(moment: Double) throws {
    let story = Story()
    story.unsay("gossip.received", by: "peer-3")
    story.pause("peer-3", at: moment, for: 2)
    #expect(try story.judgement(check).reason == "3 witnesses")
  }

  @Test("A peer that was frozen and back before must get it")
  func audienceWasFrozen() throws {
    let story = Story()
    story.unsay("gossip.received", by: "peer-3")
    story.pause("peer-3", at: 1, for: 2)
    #expect(try story.judgement(check).column("peer") == ["peer-3"])
  }

  @Test("A peer without a link when it was sent need not get it")
  func noLink() throws {
    let story = Story()
    story.unsay("gossip.received", by: "peer-5")
    story.close("peer-5", "peer-4", at: 4.9, "displaced")
    story.close("peer-5", "peer-1", at: 4.9, "displaced")
    #expect(try story.judgement(check).reason == "3 witnesses")
  }

  @Test(
    "A text whose origin is gone within a second is not judged",
    arguments: [
      (5.9, Verdict.inconclusive), (6.1, .fail),
    ])
  func originDies(moment: Double, verdict: Verdict) throws {
    let story = Story()
    story.unsay("gossip.received")
    story.fell("peer-1", at: moment)
    #expect(try story.judgement(check).verdict == verdict)
  }

  @Test("A text whose origin had no link is not judged")
  func originAlone() throws {
    let story = Story()
    story.unsay("gossip.received")
    for peer in ["peer-2", "peer-3", "peer-5"] { story.close("peer-1", peer, at: 4.5) }
    #expect(try story.judgement(check).verdict == .inconclusive)
  }

  @Test("What was not yet due when the run ended is not judged")
  func endedTooEarly() throws {
    let story = Story(stop: 11)
    story.unsay("gossip.received", by: "peer-3")
    #expect(try story.judgement(check).reason == "3 witnesses")
    story.unsay("gossip.received")
    #expect(try story.judgement(check).verdict == .inconclusive)
  }

  @Test("Without a text it is inconclusive")
  func noText() throws {
    let judgement = try Story(text: false).judgement(check)
    #expect(judgement.verdict == .inconclusive)
    #expect(judgement.reason.hasPrefix("0 of at least 1 witness: no text was sent"))
  }

  @Test(
    "Time in which the host was overloaded does not count",
    arguments: [(13.0, Verdict.inconclusive), (15, .fail)])
  func overloaded(stop: Double, verdict: Verdict) throws {
    let story = Story(stop: stop)
    story.unsay("gossip.received", by: "peer-3")
    story.overload(from: 6, to: 8)
    #expect(try story.judgement(check).verdict == verdict)
  }
}
