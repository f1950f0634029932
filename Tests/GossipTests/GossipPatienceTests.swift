import Gossip
import ParticipantTesting
import Participants
import Testing

/// How long a peer waits for answers, what it sends again, and when it gives a link up.
@Suite struct GossipPatienceTests {
  typealias Peer = GossipPeerTests

  static let neighbour = Peer.at(7_000)

  /// A peer that probes every second, and gives each of three requests two seconds.
  static func peer(_ options: [String: OptionValue] = [:]) -> Stage {
    Peer.peer(
      [
        "liveness-interval": .duration(.seconds(1)), "answer-timeout": .duration(.seconds(2)),
        "catch-up-window": .duration(.zero),
      ].merging(options) { $1 })
  }

  static func gossip(_ number: Int) -> [UInt8] {
    GossipWire.gossip(Array("1795148528.5:127.0.0.1:7001:text \(number)".utf8))
  }

  /// The 1,024-byte messages that were written to a link, but for liveness requests.
  static func texts(_ stage: inout Stage, on id: ConnectionID) -> [[UInt8]] {
    let heard = stage.heard(on: id)
    return stride(from: 0, to: heard.count, by: GossipWire.frame)
      .map { Array(heard[$0..<min($0 + GossipWire.frame, heard.count)]) }
      .filter { !$0.starts(with: GossipWire.requestPrefix) }
  }

  /// Visits the suspect, who answers, and says whether there was one.
  static func answerVisit(_ stage: inout Stage) -> Bool {
    guard let visit = stage.dial(to: neighbour) else { return false }
    stage.handle(.connected(visit))
    stage.say(GossipWire.handshake(neighbour), on: visit)
    return true
  }

  /// Answers the seeds' requests for the list: nobody else is there. Returns how many there were.
  static func answerSeeds(_ stage: inout Stage) -> Int {
    let asked = stage.dials.prefix(2).filter { stage.heard(on: $0.id) == GossipWire.listRequest }
    for seed in asked {
      stage.say(GossipWire.listPrefix + GossipWire.listEntries([Peer.own]), on: seed.id)
    }
    return asked.count
  }

  // MARK: - Requests

  @Test(
    "a neighbour that always answered late is borne with as long as one that was prompt",
    arguments: [0, 900, 1_900, 2_900])
  func lateAnswers(lateness: Int64) throws {
    var stage = Self.peer()
    let link = Peer.neighbour(7_000, of: &stage)
    var asked: [(timestamp: String, at: Instant)] = []
    var lastAnswer = stage.now
    for _ in 0..<300 {
      stage.wait(.milliseconds(100))
      if let timestamp = Peer.request(&stage, on: link) { asked.append((timestamp, stage.now)) }
      while let first = asked.first, first.at + .milliseconds(lateness) <= stage.now {
        asked.removeFirst()
        stage.say(
          GossipWire.livenessReply(to: first.timestamp, Peer.own, from: Self.neighbour), on: link)
        lastAnswer = stage.now
      }
    }
    #expect(stage.logged(GossipEvents.peerSuspected).isEmpty, "it always answered")
    // It freezes: three requests after its last answer, a second apart, each with two seconds, and
    // a visit with two more.
    while stage.logged(GossipEvents.deadReported).isEmpty, stage.now < lastAnswer + .seconds(30) {
      stage.wait(.milliseconds(100))
    }
    let borne = stage.now - lastAnswer
    #expect(borne >= .seconds(2 + 2 + 2), "\(borne)")
    #expect(borne <= .seconds(1 + 2 + 2 + 2) + .milliseconds(100), "\(borne)")
    #expect(!stage.logged(GossipEvents.deadReported).isEmpty)
  }

  @Test("each request has the time between two where that is longer than the answer's time")
  func longIntervals() {
    var stage = Self.peer(["answer-timeout": .duration(.milliseconds(100))])
    _ = Peer.neighbour(7_000, of: &stage)
    stage.wait(.milliseconds(3_999))
    #expect(stage.logged(GossipEvents.peerSuspected).isEmpty)
    stage.wait(.milliseconds(1))
    #expect(stage.logged(GossipEvents.peerSuspected).count == 1)
  }

  @Test("requests are not piled up where answers have much longer than the time between two")
  func requestsAreBounded() {
    var stage = Self.peer([
      "liveness-interval": .duration(.milliseconds(1)), "answer-timeout": .duration(.seconds(10)),
    ])
    let link = Peer.neighbour(7_000, of: &stage)
    stage.wait(.seconds(10))
    #expect(stage.heard(on: link).count == 3 * GossipWire.frame)
    #expect(stage.logged(GossipEvents.peerSuspected).isEmpty)
    stage.wait(.milliseconds(3))
    #expect(stage.logged(GossipEvents.peerSuspected).count == 1)
  }

  @Test("a neighbour that acknowledges texts and answers no request is not suspected")
  func acknowledgementsAreAnswers() {
    var stage = Self.peer()
    let (source, link) = (Peer.neighbour(7_001, of: &stage), Peer.neighbour(7_000, of: &stage))
    for number in 0..<30 {
      stage.wait(.seconds(1))
      stage.say(Self.gossip(number), on: source)
      stage.say(GossipWire.acknowledgementFrame, on: link)
      if let asked = Peer.request(&stage, on: source) {
        stage.say(GossipWire.livenessReply(to: asked, Peer.own, from: Peer.at(7_001)), on: source)
      }
    }
    let suspects = stage.logged(GossipEvents.peerSuspected).map(\.peer)
    #expect(!suspects.contains(Self.neighbour))
  }

  // MARK: - Links that nobody reads

  @Test(
    "a link on which nothing is answered is given up, its neighbour found alive and not reported")
  func muteLink() throws {
    var stage = Self.peer(["relink-interval": .duration(.seconds(2))])
    let link = Peer.neighbour(7_000, of: &stage)
    var visits = 0
    for _ in 0..<300 where !stage.closed.contains(link) {
      stage.wait(.milliseconds(100))
      // Its other threads speak on the link.
      stage.say(GossipWire.livenessRequest("1.5", from: Self.neighbour), on: link)
      if Self.answerVisit(&stage) { visits += 1 }
      _ = Self.answerSeeds(&stage)
    }
    #expect(visits == 2)
    #expect(stage.logged(GossipEvents.linkClosed).map { $0["reason"] } == ["mute"])
    #expect(stage.logged(GossipEvents.suspicionCleared).count == 2)
    #expect(stage.logged(GossipEvents.deadReported).isEmpty)
    stage.wait(.seconds(2))
    #expect(
      Self.answerSeeds(&stage) == 2, "a new link is sought, though the last rounds found none")
    // Its slot is free: four others have room.
    for port in 7_001..<7_005 { _ = Peer.neighbour(UInt16(port), of: &stage) }
  }

  @Test("an answer between two visits keeps the link")
  func seldomAnswers() {
    var stage = Self.peer()
    let link = Peer.neighbour(7_000, of: &stage)
    for _ in 0..<600 {
      stage.wait(.milliseconds(100))
      if Self.answerVisit(&stage) { stage.say(GossipWire.acknowledgementFrame, on: link) }
    }
    #expect(stage.logged(GossipEvents.suspicionCleared).count > 5)
    #expect(!stage.closed.contains(link))
  }

  // MARK: - Texts

  @Test("a text that is not acknowledged is sent again, three times, an answer's time apart")
  func sentAgain() {
    var stage = Self.peer(["liveness-interval": .duration(.seconds(3_600))])
    let (source, link) = (Peer.neighbour(7_001, of: &stage), Peer.neighbour(7_000, of: &stage))
    stage.say(Self.gossip(1), on: source)
    #expect(Self.texts(&stage, on: link) == [Self.gossip(1)])
    for _ in 0..<3 {
      stage.wait(.milliseconds(1_999))
      #expect(Self.texts(&stage, on: link).isEmpty)
      stage.wait(.milliseconds(1))
      #expect(Self.texts(&stage, on: link) == [Self.gossip(1)])
    }
    stage.wait(.seconds(60))
    #expect(Self.texts(&stage, on: link).isEmpty)
    #expect(Self.texts(&stage, on: source) == [GossipWire.acknowledgementFrame])
  }

  @Test("of several texts with one acknowledgement too few, all are sent again, one for each")
  func swallowed() {
    var stage = Self.peer(["liveness-interval": .duration(.seconds(3_600))])
    let (source, link) = (Peer.neighbour(7_001, of: &stage), Peer.neighbour(7_000, of: &stage))
    for number in 0..<3 { stage.say(Self.gossip(number), on: source) }
    #expect(Self.texts(&stage, on: link).count == 3)
    for _ in 0..<2 { stage.say(GossipWire.acknowledgementFrame, on: link) }
    stage.wait(.seconds(2))
    for number in 0..<3 {
      #expect(Self.texts(&stage, on: link) == [Self.gossip(number)])
      stage.say(GossipWire.acknowledgementFrame, on: link)
    }
    stage.wait(.seconds(60))
    #expect(Self.texts(&stage, on: link).isEmpty)
  }

  @Test("while texts come, nothing is sent again; when all are acknowledged, nothing ever")
  func nothingMissing() {
    var stage = Self.peer(["liveness-interval": .duration(.seconds(3_600))])
    let (source, link) = (Peer.neighbour(7_001, of: &stage), Peer.neighbour(7_000, of: &stage))
    var sent = 0
    for number in 0..<100 {
      stage.say(Self.gossip(number), on: source)
      stage.wait(.milliseconds(500))
      sent += Self.texts(&stage, on: link).count
      // Each acknowledgement comes after the next text.
      if number > 0 { stage.say(GossipWire.acknowledgementFrame, on: link) }
    }
    stage.say(GossipWire.acknowledgementFrame, on: link)
    stage.wait(.seconds(60))
    #expect(sent == 100)
    #expect(Self.texts(&stage, on: link).isEmpty)
  }

  @Test("whoever gets a text again acknowledges it and neither takes nor forwards it")
  func twice() {
    var stage = Self.peer()
    let (source, link) = (Peer.neighbour(7_001, of: &stage), Peer.neighbour(7_000, of: &stage))
    for _ in 0..<2 {
      stage.say(Self.gossip(1), on: source)
      #expect(Self.texts(&stage, on: source) == [GossipWire.acknowledgementFrame])
    }
    #expect(Self.texts(&stage, on: link) == [Self.gossip(1)])
    #expect(stage.logged(GossipEvents.gossipReceived).count == 1)
  }
}
