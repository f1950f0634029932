import Checks
import Faults
import Participants
import Testing
import Topology

/// What faults on the network excuse, and for how long.
@Suite("Separations") struct SeparationTests {
  // MARK: only-dead-nodes-are-reported

  /// peer-2 tells both seeds that peer-3 is dead; they dial it and keep it.
  private func reportPeer3(in story: Story, at moment: Double) throws -> Verdict {
    for seed in Story.seeds {
      story.say(
        "peer-2", "dead.reported", at: moment, peer: "peer-3",
        ["seed": Story.address(seed).description])
      story.hear(seed, of: "peer-3", from: "peer-2", at: moment + 0.01)
      story.say(seed, "report.disputed", at: moment + 0.02, peer: "peer-3", story.by("peer-2"))
    }
    return try story.judgement("only-dead-nodes-are-reported").verdict
  }

  @Test(
    "Who is cut off may be reported when enough replies can be missing, until a report was due",
    arguments: [
      (10.9, Verdict.fail), (11.1, .pass), (14.9, .pass), (18.9, .pass), (19.1, .fail),
    ])
  func reportOfTheCutOff(moment: Double, verdict: Verdict) throws {
    let story = Story()
    story.disturb(between: ["peer-2"], and: ["peer-3", "peer-4"], at: 10, for: 5)
    #expect(try reportPeer3(in: story, at: moment) == verdict)
  }

  @Test(
    "Either direction is enough, and a node may be on both sides",
    arguments: [
      (["peer-2"], ["peer-3"]), (["peer-3"], ["peer-2"]), (Story.peers, Story.peers),
    ])
  func anyDirection(from: [String], to: [String]) throws {
    let story = Story()
    story.disturb(between: from, and: to, at: 10, oneWay: true)
    #expect(try reportPeer3(in: story, at: 25) == .pass)
  }

  @Test(
    "Who is cut off from others only must not be reported",
    arguments: [
      (["peer-3"], ["peer-1", "seed-1", "seed-2"]), (["peer-2"], ["peer-1"]),
      (["peer-2", "peer-3"], ["peer-1", "peer-4"]),
    ])
  func othersCutOff(from: [String], to: [String]) throws {
    let story = Story()
    story.disturb(between: from, and: to, at: 10)
    #expect(try reportPeer3(in: story, at: 12) == .fail)
  }

  @Test("A loss excuses, and a latency that an answer may not survive")
  func lossAndLatency() throws {
    let lossy = Story()
    lossy.disturb(.loss(1), between: ["peer-2"], and: ["peer-3"], at: 10)
    #expect(try reportPeer3(in: lossy, at: 12) == .pass)
    let slow = Story()
    slow.disturb(
      .latency(.milliseconds(188)), between: ["peer-2"], and: ["peer-3"], at: 10)
    #expect(try reportPeer3(in: slow, at: 12) == .pass)
    let quick = Story()
    quick.disturb(
      .latency(.milliseconds(187)), between: ["peer-2"], and: ["peer-3"], at: 10)
    #expect(try reportPeer3(in: quick, at: 12) == .fail)
  }

  // MARK: dead-nodes-are-reported

  /// peer-5 dies at 10 s; peer-1 reports it, and peer-4 does not.
  private func ofASilentNeighbour() -> Story {
    let story = Story()
    story.fell("peer-5", at: 10)
    story.report("peer-5", by: "peer-1", at: 10.1)
    return story
  }

  @Test(
    "A neighbour that was cut off from the dead has no duty",
    arguments: [(5.0, 1.5), (9, 2), (11, 1), (13.9, 1)])
  func neighbourCutOff(moment: Double, seconds: Double) throws {
    let story = ofASilentNeighbour()
    story.disturb(between: ["peer-5"], and: ["peer-4"], at: moment, for: seconds)
    #expect(try story.judgement("dead-nodes-are-reported").reason == "1 witness")
  }

  @Test(
    "A neighbour that was cut off long before, later, or from others has one",
    arguments: [
      (["peer-4"], ["peer-5"], 4.0), (["peer-4"], ["peer-5"], 14.1),
      (["peer-4"], ["peer-1", "peer-2", "seed-1"], 10.0),
      (["seed-1", "seed-2"], ["peer-1"], 10.0),
    ])
  func neighbourInReach(from: [String], to: [String], moment: Double) throws {
    let story = ofASilentNeighbour()
    story.disturb(between: from, and: to, at: moment, for: 1)
    let judgement = try story.judgement("dead-nodes-are-reported")
    #expect(judgement.column("silent_neighbours") == ["peer-4"])
  }

  @Test("A neighbour that was cut off from every live seed has no duty")
  func seedsCutOff() throws {
    let story = ofASilentNeighbour()
    story.disturb(between: ["peer-4"], and: Story.seeds, at: 9, for: 2)
    #expect(try story.judgement("dead-nodes-are-reported").reason == "1 witness")
    let other = ofASilentNeighbour()
    other.disturb(between: ["peer-4"], and: ["seed-1"], at: 9, for: 2)
    other.fell("seed-2", at: 9)
    #expect(try other.judgement("dead-nodes-are-reported").reason == "1 witness")
  }

  // MARK: gossip-reaches-every-live-peer

  /// The verdict when peer-3 gets the text of 5 s at a moment, or never.
  private func delivery(_ story: Story, at moment: Double?) throws -> Judgement {
    story.unsay("gossip.received", by: "peer-3")
    if let moment { story.receive(Story.text, "peer-3", at: moment) }
    return try story.judgement("gossip-reaches-every-live-peer")
  }

  @Test(
    "A text has until the end of the unrest",
    arguments: [(47.9, Verdict.pass), (48.1, .fail)])
  func textIsLate(moment: Double, verdict: Verdict) throws {
    for start in [1.0, 5.5, 5.9] {
      let story = Story(stop: 70)
      story.disturb(between: ["peer-1"], and: ["peer-4"], at: start, for: 6 - start)
      let judgement = try delivery(story, at: moment)
      #expect(judgement.verdict == verdict)
      #expect(judgement.column("due_s") == (verdict == .pass ? [] : ["48.0"]))
    }
  }

  @Test("Unrest to the run's end, or longer than links catch up with, leaves nothing to judge")
  func textIsNotJudged() throws {
    let short = Story(stop: 40)
    short.disturb(between: ["peer-1"], and: ["peer-4"], at: 4, for: 2)
    #expect(try delivery(short, at: nil).reason == "3 witnesses")
    let long = Story(stop: 90)
    long.disturb(between: ["peer-1"], and: ["peer-4"], at: 4, for: 20)
    #expect(try delivery(long, at: nil).verdict == .inconclusive)
    let chain = Story(stop: 110)
    chain.disturb(between: ["peer-1"], and: ["peer-4"], at: 4, for: 2)
    chain.disturb(between: ["peer-2"], and: ["peer-4"], at: 40, for: 2)
    #expect(try delivery(chain, at: nil).verdict == .inconclusive)
    let endless = Story(stop: 90)
    endless.disturb(between: ["peer-1"], and: ["peer-4"], at: 4)
    #expect(try delivery(endless, at: nil).verdict == .inconclusive)
  }

  @Test("Unrest before and after does not count, nor does a little latency")
  func textIsDue() throws {
    let story = Story(stop: 70, text: false)
    story.disturb(between: ["peer-1"], and: ["peer-4"], at: 1, for: 2)
    story.disturb(
      .latency(.milliseconds(180)), between: ["peer-1"], and: ["peer-4"], at: 10)
    let text = "50:127.0.0.1:6001:hello"
    story.send(text, from: "peer-1", at: 50)
    story.disturb(between: ["peer-1"], and: ["peer-4"], at: 57.1, for: 2)
    let judgement = try story.judgement("gossip-reaches-every-live-peer")
    #expect(judgement.violations == 4)
    #expect(judgement.column("due_s").first == "57.0")
  }

  // MARK: seeds-agree-on-who-is-alive

  /// seed-1 drops peer-2, which lives, at 12 s.
  private func ofADroppedPeer(stop: Double) -> Story {
    let story = Story(stop: stop)
    story.say("seed-1", "peer.removed", at: 12, peer: "peer-2", story.by("peer-1"))
    return story
  }

  @Test(
    "A live peer may be missing until long enough after the separation from the seed",
    arguments: [(61.9, false), (62.1, true)])
  func droppedWhileCutOff(stop: Double, isJudged: Bool) throws {
    let story = ofADroppedPeer(stop: stop)
    story.disturb(between: ["peer-2"], and: ["seed-1"], at: 10, for: 10)
    let judgement = try story.judgement("seeds-agree-on-who-is-alive")
    #expect(judgement.verdict == (isJudged ? .fail : .pass))
    #expect(judgement.witnesses == (isJudged ? 10 : 9))
  }

  @Test("A separation of others excuses no seed")
  func droppedInReach() throws {
    let story = ofADroppedPeer(stop: 30)
    story.disturb(between: ["peer-2"], and: ["seed-2", "peer-1"], at: 10, for: 10)
    story.disturb(between: ["peer-1"], and: ["seed-1"], at: 10, for: 10)
    #expect(try story.judgement("seeds-agree-on-who-is-alive").column("seed") == ["seed-1"])
  }

  @Test("A seed need not list a peer that has left it, until that comes back")
  func peerLeft() throws {
    let story = ofADroppedPeer(stop: 30)
    story.say("peer-2", "seed.registered", at: -0.7, peer: "seed-1")
    #expect(try story.judgement("seeds-agree-on-who-is-alive").verdict == .fail)
    story.say("peer-2", "seed.lost", at: 11, peer: "seed-1", ["reason": "no answer"])
    #expect(try story.judgement("seeds-agree-on-who-is-alive").reason == "9 witnesses")
    story.say("peer-2", "seed.registered", at: 20, peer: "seed-1")
    #expect(try story.judgement("seeds-agree-on-who-is-alive").verdict == .fail)
  }

  @Test("A seed that every reporter was cut off from may list the dead")
  func deadListed() throws {
    let judgements = try [["peer-1", "peer-4"], ["peer-1"]].map { cutOff in
      let story = Story.ofOneDeath()
      for kind in ["report.received", "peer.removed"] { story.unsay(kind, by: "seed-2") }
      story.disturb(between: cutOff, and: ["seed-2"], at: 9, for: 2)
      return try story.judgement("seeds-agree-on-who-is-alive")
    }
    #expect(judgements[0].column("seed") == [])
    #expect(judgements[1].column("peer") == ["peer-5"])
  }

  // MARK: live-peers-are-connected

  @Test(
    "Torn links may be missing until the end of the unrest",
    arguments: [(53.9, Verdict.inconclusive), (54.1, .fail)])
  func island(stop: Double, verdict: Verdict) throws {
    let story = Story(stop: stop)
    for (a, b) in [("peer-4", "peer-5"), ("peer-5", "peer-1")] {
      story.close(a, b, at: 11, "silent")
      story.close(b, a, at: 11, "silent")
    }
    story.disturb(between: ["peer-5"], and: ["peer-1", "peer-4"], at: 10, for: 2)
    #expect(try story.judgement("live-peers-are-connected").verdict == verdict)
  }
}
