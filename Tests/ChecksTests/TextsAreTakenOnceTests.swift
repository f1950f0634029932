import Checks
import Faults
import History
import Participants
import Testing

@Suite("texts-are-taken-once") struct TextsAreTakenOnceTests {
  private let check = "texts-are-taken-once"
  private let other = "9.5:127.0.0.1:6001:hello"

  @Test("Texts that everybody takes once are witnesses, and their sender's own are not")
  func once() throws {
    let story = Story()
    #expect(try story.judgement(check).reason == "4 witnesses")
    story.send(other, from: "peer-1", at: 9.5)
    story.receive(other, "peer-2", at: 9.6)
    #expect(try story.judgement(check).reason == "5 witnesses")
  }

  @Test("A text that one peer takes again and again fails this check alone, with one row")
  func again() throws {
    let story = Story.ofOneDeath()
    for moment in [6.0, 6.5, 7.0] { story.receive(Story.text, "peer-3", at: moment) }
    #expect(try story.objections() == ["\(check): fail"])
    let judgement = try story.judgement(check)
    #expect(judgement.reason == "1 violation, 4 witnesses")
    #expect(judgement.column("peer") == ["peer-3"])
    #expect(judgement.column("text") == [Story.text])
    #expect(judgement.column("again") == ["3"])
    #expect(judgement.column("first_s") == ["5.1"])
    #expect(judgement.column("again_s") == ["6.0"])
    #expect(judgement.column("last_s") == ["7.0"])
  }

  @Test("A peer that takes its own text fails")
  func own() throws {
    let story = Story()
    story.receive(Story.text, "peer-1", at: 5.2)
    #expect(try story.judgement(check).column("peer") == ["peer-1"])
  }

  @Test("A peer may take a text again in another life, and once")
  func anotherLife() throws {
    let story = Story()
    story.fell("peer-3", at: 10)
    story.restart("peer-3", at: 12)
    story.receive(Story.text, "peer-3", at: 13)
    #expect(try story.judgement(check).verdict == .pass)
    story.receive(Story.text, "peer-3", at: 14)
    #expect(try story.judgement(check).column("first_s") == ["13.0"])
  }

  @Test(
    "A peer may take a text again when it has taken max-remembered others",
    arguments: [
      (1, Verdict.fail), (2, .pass), (3, .pass),
    ])
  func forgotten(others: Int, verdict: Verdict) throws {
    let story = Story()
    story.unsay("node.ready", by: "peer-3")
    story.say(
      "peer-3", "node.ready", at: -2,
      [
        "address": Story.address("peer-3").description, "role": "gossip-peer", "version": "0",
        "pid": 1, "options": Event.Value.object([("max-remembered", .integer(2))]),
      ])
    for number in 0..<others {
      story.receive("2\(number).5:127.0.0.1:6001:hello", "peer-3", at: 6 + Double(number))
    }
    story.receive(Story.text, "peer-3", at: 15)
    let judgement = try story.judgement(check)
    #expect(judgement.verdict == verdict, "\(judgement.reason)")
  }

  @Test("A run without texts is inconclusive, and says so")
  func silence() throws {
    let story = Story(text: false)
    let judgement = try story.judgement(check)
    #expect(judgement.verdict == .inconclusive)
    #expect(judgement.reason.contains("no text reached a peer"))
  }
}
