import Checks
import Faults
import Participants
import Testing

@Suite("seeds-agree-on-who-is-alive") struct SeedsAgreeOnWhoIsAliveTests {
  private let check = "seeds-agree-on-who-is-alive"

  @Test("A seed that goes on listing the dead fails this check alone")
  func deadListed() throws {
    let story = Story.ofOneDeath()
    for kind in ["report.received", "peer.removed"] { story.unsay(kind, by: "seed-2") }
    #expect(try story.objections() == ["\(check): fail"])
    let judgement = try story.judgement(check)
    #expect(judgement.reason == "1 violation, 10 witnesses")
    #expect(judgement.column("seed") == ["seed-2"])
    #expect(judgement.column("peer") == ["peer-5"])
    #expect(judgement.column("died_s") == ["10.0"])
    #expect(judgement.column("believed") == ["listed"])
    #expect(judgement.column("since_s") == ["-0.8"])
    #expect(judgement.column("in_fact") == ["dead"])
  }

  @Test(
    "A dead peer may be listed until every report of it is overdue",
    arguments: [
      (14.9, Verdict.pass), (15.1, .fail),
    ])
  func deadListedShortly(stop: Double, verdict: Verdict) throws {
    let story = Story.ofOneDeath(stop: stop)
    for kind in ["report.received", "peer.removed"] { story.unsay(kind, by: "seed-2") }
    #expect(try story.judgement(check).verdict == verdict)
  }

  @Test("A frozen peer must not be listed either")
  func frozenListed() throws {
    let story = Story()
    story.pause("peer-5", at: 10)
    #expect(try story.judgement(check).column("seed") == ["seed-1", "seed-2"])
  }

  @Test("A dead peer that had no neighbour may be listed: nobody can know")
  func nobodyKnows() throws {
    let story = Story()
    for (a, b) in [("peer-4", "peer-5"), ("peer-1", "peer-5")] {
      story.close(a, b, at: 9, "displaced")
      story.close(b, a, at: 9)
    }
    story.fell("peer-5", at: 10)
    #expect(try story.judgement(check).reason == "8 witnesses")
  }

  @Test("A seed that does not list a live peer fails this check alone")
  func liveNotListed() throws {
    let story = Story.ofOneDeath()
    story.say("seed-1", "peer.removed", at: 12, peer: "peer-2", story.by("peer-1"))
    #expect(try story.objections() == ["\(check): fail"])
    let judgement = try story.judgement(check)
    #expect(judgement.column("believed") == ["not listed"])
    #expect(judgement.column("since_s") == ["12.0"])
    #expect(judgement.column("in_fact") == ["alive"])
  }

  @Test(
    "Whoever is listed again is believed alive", arguments: ["peer.registered", "report.disputed"])
  func listedAgain(kind: String) throws {
    let story = Story()
    story.hear("seed-1", of: "peer-2", from: "peer-1", at: 12)
    story.say("seed-1", kind, at: 13, peer: "peer-2")
    #expect(try story.judgement(check).verdict == .pass)
  }

  @Test("A report of a peer that the seed had dropped already changes nothing")
  func ignoredReport() throws {
    let story = Story.ofOneDeath()
    story.hear("seed-1", of: "peer-5", from: "peer-2", at: 12)
    story.say(
      "seed-1", "report.ignored", at: 12, peer: "peer-5",
      ["by": Story.address("peer-2").description, "reason": "not listed"])
    #expect(try story.objections() == [])
  }

  @Test("A peer that the seed could not dial stays in its list")
  func undiallable() throws {
    let story = Story()
    story.hear("seed-1", of: "peer-2", from: "peer-1", at: 12)
    story.say(
      "seed-1", "report.ignored", at: 12.1, peer: "peer-2",
      ["by": Story.address("peer-1").description, "reason": "it could not be dialled from here"])
    #expect(try story.judgement(check).verdict == .pass)
  }

  @Test("A live peer may be missing for as long as a repair takes")
  func hiddenShortly() throws {
    let story = Story()
    story.hear("seed-1", of: "peer-2", from: "peer-1", at: 25)
    #expect(try story.judgement(check).reason == "9 witnesses")
  }

  @Test(
    "A peer that came back long ago must be listed again",
    arguments: [
      (14.0, Verdict.fail), (25.0, .pass),
    ])
  func returned(back: Double, verdict: Verdict) throws {
    let story = Story.ofOneDeath()
    story.restart("peer-5", at: back)
    #expect(try story.judgement(check).verdict == verdict)
    story.register("peer-5", at: back + 1)
    #expect(try story.judgement(check).verdict == .pass)
  }

  @Test("Who never registered with a seed need not be in its list")
  func neverRegistered() throws {
    let story = Story()
    story.unsay("peer.registered", by: "seed-2", about: "peer-3")
    #expect(try story.judgement(check).reason == "9 witnesses")
  }

  @Test("A seed that started anew is asked about those who registered since")
  func seedRestarted() throws {
    let story = Story()
    story.fell("seed-2", at: 10)
    story.restart("seed-2", at: 12)
    for peer in ["peer-1", "peer-2"] { story.register(peer, at: 14, with: ["seed-2"]) }
    #expect(try story.judgement(check).reason == "7 witnesses")
    story.say("seed-2", "peer.removed", at: 16, peer: "peer-2", story.by("peer-1"))
    let judgement = try story.judgement(check)
    #expect(judgement.column("seed") == ["seed-2"])
    #expect(judgement.column("peer") == ["peer-2"])
  }

  @Test("Dead and frozen seeds are not asked", arguments: ["kill", "pause"])
  func seedGone(action: String) throws {
    let story = Story()
    if action == "kill" { story.fell("seed-2", at: 10) } else { story.pause("seed-2", at: 10) }
    #expect(try story.judgement(check).reason == "5 witnesses")
  }

  @Test("Without a live seed it is inconclusive")
  func noSeed() throws {
    let story = Story()
    for seed in Story.seeds { story.fell(seed, at: 10) }
    let judgement = try story.judgement(check)
    #expect(judgement.verdict == .inconclusive)
    #expect(judgement.reason.hasPrefix("0 of at least 1 witness: no live seed"))
  }

  @Test(
    "A dead peer may be listed longer by the time in which the host was overloaded",
    arguments: [(16.5, Verdict.inconclusive), (17.5, .fail)])
  func overloadedSinceDeath(stop: Double, verdict: Verdict) throws {
    let story = Story.ofOneDeath(stop: stop)
    for kind in ["report.received", "peer.removed"] { story.unsay(kind, by: "seed-2") }
    story.overload(from: 11, to: 13)
    #expect(try story.judgement(check).verdict == verdict)
  }

  @Test("A wrong belief on a host that was overloaded at the end is inconclusive")
  func overloaded() throws {
    let story = Story()
    story.say("seed-1", "peer.removed", at: 12, peer: "peer-2", story.by("peer-1"))
    story.overload(from: 26, to: 28)
    #expect(try story.judgement(check).verdict == .inconclusive)
  }
}

@Suite("live-peers-are-connected") struct LivePeersAreConnectedTests {
  private let check = "live-peers-are-connected"

  /// The links between these peers are closed by both ends.
  private func cut(_ links: [(String, String)], in story: Story, at moment: Double) {
    for (a, b) in links {
      story.close(a, b, at: moment, "displaced")
      story.close(b, a, at: moment)
    }
  }

  @Test("A peer that no link joins with the rest fails this check alone")
  func island() throws {
    let story = Story()
    cut([("peer-4", "peer-5"), ("peer-5", "peer-1")], in: story, at: 14)
    #expect(
      try story.objections() == ["dead-nodes-are-reported: notAsked", "\(check): fail"])
    let judgement = try story.judgement(check)
    #expect(judgement.reason == "1 violation, 5 witnesses")
    #expect(judgement.column("peer") == ["peer-5"])
    #expect(judgement.column("neighbours") == ["0"])
    #expect(judgement.column("problem") == ["no path from peer-2"])
    #expect(judgement.column("peers_there") == ["4"])
  }

  @Test("Of two islands the one without the best-linked peer is named")
  func twoIslands() throws {
    let story = Story()
    cut(
      [
        ("peer-2", "peer-3"), ("peer-3", "peer-4"), ("peer-1", "peer-3"), ("peer-5", "peer-1"),
        ("peer-4", "peer-5"),
      ], in: story, at: 14)
    story.link("peer-3", "peer-5", at: 15)
    #expect(try story.judgement(check).column("peer") == ["peer-3", "peer-5"])
  }

  @Test("A chain of links is enough")
  func chain() throws {
    let story = Story()
    cut([("peer-5", "peer-1"), ("peer-1", "peer-3"), ("peer-2", "peer-4")], in: story, at: 14)
    #expect(try story.judgement(check).verdict == .pass)
  }

  @Test("One end's word is enough for a link")
  func oneEnd() throws {
    let story = Story()
    cut([("peer-4", "peer-5")], in: story, at: 14)
    story.close("peer-1", "peer-5", at: 14)
    #expect(try story.judgement(check).verdict == .pass)
  }

  @Test("The dead join nobody, frozen or gone")
  func throughTheDead() throws {
    for action in ["kill", "pause"] {
      let story = Story()
      cut([("peer-4", "peer-5")], in: story, at: 14)
      if action == "kill" { story.fell("peer-1", at: 15) } else { story.pause("peer-1", at: 15) }
      let judgement = try story.judgement(check)
      #expect(judgement.column("peer") == ["peer-5"])
      #expect(judgement.witnesses == 4)
    }
  }

  @Test("A node that started anew has the links that it made since")
  func newLife() throws {
    let story = Story()
    story.fell("peer-5", at: 10)
    story.close("peer-4", "peer-5", at: 10.1)
    story.close("peer-1", "peer-5", at: 10.1)
    story.restart("peer-5", at: 15)
    #expect(try story.judgement(check).column("peer") == ["peer-5"])
    // Its own word is enough; the links of its first life ended with that.
    story.say("peer-5", "link.opened", at: 17, peer: "peer-2", ["direction": "dialled"])
    #expect(try story.judgement(check).verdict == .pass)
  }

  @Test("Links that close after the nodes were told to stop were there")
  func closedAtTheEnd() throws {
    let story = Story()
    for (a, b) in Story.links {
      story.close(a, b, at: 30.1, "stopping")
      story.close(b, a, at: 30.1)
    }
    #expect(try story.judgement(check).verdict == .pass)
  }

  @Test(
    "A death, a return or a start just before the end leaves no time for repairs",
    arguments: [
      "kill", "pause", "thaw", "back", "start",
    ])
  func disturbed(by what: String) throws {
    let story = Story()
    cut([("peer-4", "peer-5"), ("peer-5", "peer-1")], in: story, at: 14)
    switch what {
    case "kill": story.fell("peer-2", at: 26)
    case "pause": story.pause("peer-2", at: 26, for: 0.5)
    case "thaw": story.pause("peer-2", at: 10, for: 16)
    case "back":
      story.fell("peer-2", at: 10)
      story.restart("peer-2", at: 26)
    default:
      story.unsay("node.ready", by: "peer-2")
      story.ready("peer-2", at: 26)
    }
    let judgement = try story.judgement(check)
    #expect(judgement.verdict == .inconclusive)
    #expect(judgement.witnesses == 0)
  }

  @Test("One peer alone is no graph")
  func alone() throws {
    let story = Story()
    for peer in Story.peers.dropFirst() { story.fell(peer, at: 10) }
    let judgement = try story.judgement(check)
    #expect(judgement.verdict == .inconclusive)
    #expect(judgement.reason.hasPrefix("1 of at least 2 witnesses: fewer than two peers lived"))
  }

  @Test("An island on a host that was overloaded at the end is inconclusive")
  func overloaded() throws {
    let story = Story()
    cut([("peer-4", "peer-5"), ("peer-5", "peer-1")], in: story, at: 14)
    story.overload(from: 26, to: 28)
    #expect(try story.judgement(check).verdict == .inconclusive)
  }
}
