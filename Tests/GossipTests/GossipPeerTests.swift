import Gossip
import ParticipantTesting
import Participants
import Testing

/// One peer, step by step, as an original or a stranger would meet it.
@Suite struct GossipPeerTests {
  static let own = at(6_000)
  static let seeds = [at(5_000), at(5_001), at(5_002)]
  static let answerTimeout = Microseconds.seconds(3)
  static let probeInterval = Microseconds.seconds(13)

  static func at(_ port: UInt16) -> Address { Address(host: "127.0.0.1", port: port) }

  /// A peer that is registered with two of three seeds and has dialled `list`. It plans no round of
  /// its own unless told to: the seeds of these tests answer only when they are made to.
  static func peer(
    _ options: [String: OptionValue] = [:], knowing list: [Address] = []
  ) -> Stage {
    var stage = Stage(
      GossipRoles.peer, at: own, seeds: seeds,
      ["gossip-count": .count(0), "relink-interval": .duration(.seconds(3_600))]
        .merging(options) { $1 })
    for dial in stage.dials { register(dial.id, list, &stage) }
    stage.wait(.seconds(2))
    return stage
  }

  static func register(_ seed: ConnectionID, _ list: [Address], _ stage: inout Stage) {
    stage.handle(.connected(seed))
    stage.say(GossipWire.welcome(at(5_000)), on: seed)
    stage.say(GossipWire.registered, on: seed)
    stage.say(GossipWire.listPrefix + GossipWire.listEntries([own] + list), on: seed)
    stage.wait(.milliseconds(250))
    _ = stage.heard(on: seed)
  }

  /// A neighbour that dialled in.
  static func neighbour(_ port: UInt16, of stage: inout Stage) -> ConnectionID {
    let id = stage.accept()
    stage.say(GossipWire.handshake(at(port)), on: id)
    #expect(stage.heard(on: id) == GossipWire.handshake(own))
    return id
  }

  /// Answers no request for so long that the neighbour is suspected.
  static func beSilent(_ stage: inout Stage, intervals: Int64 = 4) {
    for _ in 0..<intervals { stage.wait(probeInterval) }
  }

  static func request(_ stage: inout Stage, on id: ConnectionID) -> String? {
    let text = String(decoding: stage.heard(on: id), as: UTF8.self)
    guard text.hasPrefix("Liveness Request:") else { return nil }
    return String(text.split(separator: ":")[1])
  }

  // MARK: - Who dials in

  @Test("whoever dials and says who it is, is greeted at once; who says nothing, after a pause")
  func greeting() {
    var stage = Self.peer()
    _ = Self.neighbour(7_000, of: &stage)
    let quiet = stage.accept()
    #expect(stage.heard(on: quiet).isEmpty)
    stage.wait(.milliseconds(250))
    #expect(stage.heard(on: quiet) == GossipWire.handshake(Self.own))
    #expect(!stage.closed.contains(quiet))
    stage.wait(Self.answerTimeout)
    #expect(stage.closed.contains(quiet), "it had its time")
  }

  @Test(
    "a full peer says the original's BUSY, and nothing else, to whoever dials, named or not",
    arguments: [2, 4, 7])
  func busy(limit: Int64) {
    var stage = Self.peer(["max-links": .count(limit)])
    for port in 0..<limit { _ = Self.neighbour(7_000 + UInt16(port), of: &stage) }
    let named = stage.accept()
    stage.say(GossipWire.handshake(Self.at(7_009)), on: named)
    let quiet = stage.accept()
    stage.wait(.milliseconds(250))
    for id in [named, quiet] {
      #expect(stage.heard(on: id) == Fixture.busy.bytes)
      #expect(stage.closed.contains(id))
    }
    #expect(stage.logged(GossipEvents.linkDeclined).count == 2)
  }

  @Test("connections that have not said who they are take no slot")
  func strangersTakeNoSlot() {
    var stage = Self.peer()
    for _ in 0..<10 { _ = stage.accept() }
    _ = Self.neighbour(7_000, of: &stage)
    #expect(stage.logged(GossipEvents.linkOpened).count == 1)
  }

  @Test("more connections than allowed are told BUSY and closed at once")
  func tooManyConnections() {
    var stage = Self.peer(["max-connections": .count(10)])
    let ids = (0..<20).map { _ in stage.accept() }
    for id in ids where stage.closed.contains(id) {
      #expect(stage.heard(on: id) == Fixture.busy.bytes)
    }
    #expect(ids.filter { stage.closed.contains($0) }.count == 12, "two are seeds")
    #expect(stage.logged(CommonEvents.connectionRefused).count == 4, "the 1st, 2nd, 4th and 8th")
  }

  @Test("a neighbour that dials again is told BUSY without a greeting, and keeps its link")
  func secondDial() {
    var stage = Self.peer()
    let first = Self.neighbour(7_000, of: &stage)
    let second = stage.accept()
    stage.say(GossipWire.handshake(Self.at(7_000)), on: second)
    #expect(stage.heard(on: second) == GossipWire.busyFrame)
    #expect(stage.closed == [second])
    #expect(!stage.closed.contains(first))
  }

  @Test("a neighbour that dials again after it fell silent replaces its link")
  func restartedNeighbour() {
    var stage = Self.peer()
    let first = Self.neighbour(7_000, of: &stage)
    Self.beSilent(&stage)
    #expect(stage.logged(GossipEvents.peerSuspected).count == 1)
    let second = Self.neighbour(7_000, of: &stage)
    #expect(stage.closed.contains(first))
    #expect(!stage.closed.contains(second))
    #expect(stage.logged(GossipEvents.suspicionCleared).count == 1)
  }

  @Test("when both dial at once, the connection stays that the smaller address dialled")
  func crossingDials() throws {
    for (other, oursStays) in [(Self.at(7_000), true), (Self.at(5_500), false)] {
      var stage = Self.peer(knowing: [other])
      let ours = try #require(stage.dial(to: other))
      stage.handle(.connected(ours))
      let theirs = stage.accept()
      stage.say(GossipWire.handshake(other), on: theirs)
      #expect(stage.closed.contains(theirs) == oursStays)
      #expect(stage.closed.contains(ours) != oursStays)
    }
  }

  @Test("a peer that dials itself gives up")
  func itself() {
    var stage = Self.peer()
    let id = stage.accept()
    stage.say(GossipWire.handshake(Self.own), on: id)
    #expect(stage.closed.contains(id))
    #expect(stage.logged(GossipEvents.linkOpened).isEmpty)
  }

  // MARK: - Liveness

  @Test("a reply counts only for the request it names, or an older one, and only to its asker")
  func replies() throws {
    var stage = Self.peer()
    let id = Self.neighbour(7_000, of: &stage)
    let other = Self.at(7_000)
    stage.wait(Self.probeInterval)
    let first = try #require(Self.request(&stage, on: id))
    stage.say(GossipWire.livenessReply(to: "1.5", Self.own, from: other), on: id)
    stage.say(GossipWire.livenessReply(to: first, Self.at(6_999), from: other), on: id)
    stage.wait(Self.probeInterval)
    #expect(stage.logged(GossipEvents.livenessMissed).count == 1)
    let second = try #require(Self.request(&stage, on: id))
    stage.say(GossipWire.livenessReply(to: second, Self.own, from: other), on: id)
    stage.wait(Self.probeInterval)
    #expect(stage.logged(GossipEvents.livenessMissed).count == 1, "the later answers the earlier")
    #expect(stage.logged(GossipEvents.peerSuspected).isEmpty)
  }

  @Test("a silent neighbour is visited without a word; if it speaks, its link stays")
  func silentAndAlive() throws {
    for words in [GossipWire.handshake(Self.at(7_000)), GossipWire.busyFrame] {
      var stage = Self.peer()
      let link = Self.neighbour(7_000, of: &stage)
      Self.beSilent(&stage)
      let visit = try #require(stage.dial(to: Self.at(7_000)))
      stage.handle(.connected(visit))
      #expect(stage.heard(on: visit).isEmpty)
      stage.say(words, on: visit)
      let isBusy = words == GossipWire.busyFrame
      #expect(stage.heard(on: visit) == (isBusy ? [] : GossipWire.busyFrame))
      #expect(stage.closed == [visit])
      _ = stage.heard(on: link)
      stage.wait(Self.probeInterval)
      #expect(Self.request(&stage, on: link) != nil, "it is probed anew")
      stage.wait(Self.probeInterval)
      let misses = stage.logged(GossipEvents.livenessMissed).map { $0["misses"] }
      #expect(misses == [.integer(1), .integer(2), .integer(3), .integer(1)])
      #expect(stage.logged(GossipEvents.deadReported).isEmpty)
      #expect(stage.logged(GossipEvents.linkClosed).isEmpty)
    }
  }

  @Test("a reply that comes during the visit clears the suspicion")
  func lateReply() throws {
    var stage = Self.peer()
    let link = Self.neighbour(7_000, of: &stage)
    stage.wait(Self.probeInterval)
    let first = try #require(Self.request(&stage, on: link))
    Self.beSilent(&stage, intervals: 3)
    let visit = try #require(stage.dial(to: Self.at(7_000)))
    stage.say(GossipWire.livenessReply(to: first, Self.own, from: Self.at(7_000)), on: link)
    stage.wait(Self.answerTimeout)
    #expect(stage.closed == [visit])
    #expect(stage.logged(GossipEvents.deadReported).isEmpty)
  }

  @Test("a silent neighbour that does not answer the visit is reported, and its link closed")
  func silentAndDead() throws {
    var stage = Self.peer()
    let link = Self.neighbour(7_000, of: &stage)
    Self.beSilent(&stage)
    let visit = try #require(stage.dial(to: Self.at(7_000)))
    stage.handle(.connected(visit))
    #expect(stage.logged(GossipEvents.deadReported).isEmpty)
    stage.wait(Self.answerTimeout)
    #expect(stage.closed == [link, visit])
    #expect(stage.heard(on: visit) == Fixture.busy.bytes, "it may read it when it goes on")
    #expect(stage.logged(GossipEvents.linkClosed).map { $0["reason"] } == ["silent"])
    #expect(stage.logged(GossipEvents.deadReported).count == 2)
    let heard = stage.dials.prefix(2).map { stage.heard(on: $0.id) }
    #expect(heard.allSatisfy { $0.starts(with: Array("Dead Node:127.0.0.1:7000:".utf8)) })
  }

  @Test("a link that breaks: refused is dead at once, silence only after as many visits")
  func brokenLink() throws {
    var stage = Self.peer()
    let gone = Self.neighbour(7_000, of: &stage)
    stage.handle(.closed(gone, .ended))
    stage.handle(.closed(try #require(stage.dial(to: Self.at(7_000))), .refused))
    #expect(stage.logged(GossipEvents.deadReported).count == 2)

    let slow = Self.neighbour(7_001, of: &stage)
    stage.handle(.closed(slow, .reset))
    for visits in 1...3 {
      #expect(stage.logged(GossipEvents.deadReported).count == 2)
      #expect(stage.dials.filter { $0.to == Self.at(7_001) }.count == visits)
      stage.wait(Self.answerTimeout)
      if visits < 3 { stage.wait(Self.probeInterval) }
    }
    #expect(stage.logged(GossipEvents.deadReported).count == 4)
  }

  @Test("a link that breaks while its neighbour is visited brings no second visit")
  func brokenDuringVisit() throws {
    var stage = Self.peer(["relink-interval": .duration(.seconds(5))])
    for dial in stage.dials { stage.handle(.closed(dial.id, .reset)) }
    let link = Self.neighbour(7_000, of: &stage)
    Self.beSilent(&stage)
    stage.handle(.closed(link, .reset))
    stage.wait(Self.answerTimeout)
    #expect(stage.dials.filter { $0.to == Self.at(7_000) }.count == 1)
    #expect(stage.logged(GossipEvents.peerSuspected).count == 1)
  }

  @Test("a visit that this machine could not make says nothing about the suspect")
  func failedVisits() throws {
    var stage = Self.peer()
    let gone = Self.neighbour(7_000, of: &stage)
    stage.handle(.closed(gone, .ended))
    for _ in 0..<5 {
      stage.handle(.closed(try #require(stage.dials.last?.id), .failed))
      stage.wait(Self.probeInterval)
    }
    #expect(stage.logged(GossipEvents.deadReported).isEmpty)
    stage.handle(.closed(try #require(stage.dials.last?.id), .refused))
    #expect(stage.logged(GossipEvents.deadReported).count == 2)
  }

  // MARK: - Seeds

  @Test("a report goes to the seeds at once, and to the others after registering with them")
  func reportsRegister() throws {
    var stage = Self.peer()
    let third = try #require(Self.seeds.first { seed in !stage.dials.contains { $0.to == seed } })
    let gone = Self.neighbour(7_000, of: &stage)
    stage.handle(.closed(gone, .ended))
    stage.handle(.closed(try #require(stage.dial(to: Self.at(7_000))), .refused))
    let link = try #require(stage.dial(to: third))
    stage.handle(.connected(link))
    #expect(stage.heard(on: link).isEmpty)
    stage.say(GossipWire.welcome(third), on: link)
    #expect(stage.heard(on: link) == GossipWire.register(Self.own))
    stage.say(GossipWire.registered, on: link)
    let report = GossipWire.report(dead: Self.at(7_000), at: stage.now, by: Self.own)
    #expect(stage.heard(on: link) == report + GossipWire.listRequest)
    stage.say(GossipWire.listPrefix + GossipWire.listEntries([Self.own]), on: link)
    stage.wait(.seconds(1))
    #expect(!stage.closed.contains(link), "the original spins on a closed connection")
    #expect(stage.logged(GossipEvents.deadReported).count == 3)
  }

  @Test("a seed that stops answering is lost, and another is tried")
  func silentSeed() {
    for steps in 0..<3 {
      var stage = Stage(
        GossipRoles.peer, at: Self.own, seeds: Self.seeds, ["gossip-count": .count(0)])
      let id = stage.dials[0].id
      stage.handle(.closed(stage.dials[1].id, .refused))
      #expect(stage.dials.count == 3)
      stage.handle(.connected(id))
      let words = [GossipWire.welcome(stage.dials[0].to), GossipWire.registered]
      for word in words.prefix(steps) {
        stage.wait(.seconds(1))
        stage.say(word, on: id)
      }
      stage.wait(.milliseconds(2_999))
      #expect(!stage.closed.contains(id))
      stage.wait(.milliseconds(1))
      #expect(stage.closed.contains(id), "after \(steps) answers")
    }
  }

  @Test("a peer joins, and a round goes on, as soon as every seed has answered, and not before")
  func waitsForAll() {
    var stage = Stage(
      GossipRoles.peer, at: Self.own, seeds: Self.seeds,
      ["gossip-count": .count(0), "answer-timeout": .duration(.seconds(60))])
    Self.register(stage.dials[0].id, [Self.at(7_000)], &stage)
    stage.wait(.seconds(10))
    #expect(stage.dials.count == 2)
    Self.register(stage.dials[1].id, [], &stage)
    stage.wait(.seconds(2))
    #expect(stage.dials.count == 3)
    stage.handle(.closed(stage.dials[2].id, .failed))
    stage.wait(.seconds(10))
    for (seed, port) in zip(stage.dials.prefix(2), [UInt16(7_001), 7_002]) {
      #expect(stage.dials.count == 3)
      stage.say(
        GossipWire.listPrefix + GossipWire.listEntries([Self.own, Self.at(port)]),
        on: seed.id)
      stage.wait(.milliseconds(250))
    }
    #expect(stage.dials.count > 3)
  }

  @Test("a seed that is lost when no other is left is dialled again later")
  func lostSeed() {
    var stage = Self.peer()
    let first = stage.dials[0]
    stage.handle(.closed(first.id, .reset))
    #expect(stage.dials.count == 3)
    stage.handle(.closed(stage.dials[2].id, .refused))
    #expect(stage.dials.count == 3)
    stage.wait(.seconds(5))
    #expect(stage.dials.count == 4)
  }

  @Test("a peer that a seed no longer lists registers again, once a round")
  func registersAgain() throws {
    var stage = Self.peer(["relink-interval": .duration(.seconds(5))])
    let seed = stage.dials[0].id
    stage.wait(.seconds(10))
    #expect(stage.heard(on: seed) == GossipWire.listRequest)
    let list = GossipWire.listPrefix + GossipWire.listEntries([Self.at(7_000)])
    stage.say(list, on: seed)
    stage.wait(.milliseconds(250))
    #expect(stage.heard(on: seed) == GossipWire.register(Self.own))
    stage.say(GossipWire.registered, on: seed)
    #expect(stage.heard(on: seed) == GossipWire.listRequest)
    stage.say(list, on: seed)
    let other = stage.dials[1].id
    #expect(stage.heard(on: other) == GossipWire.listRequest)
    stage.say(list + GossipWire.listEntries([Self.own]), on: other)
    stage.wait(.milliseconds(250))
    #expect(stage.heard(on: seed).isEmpty)
    #expect(stage.heard(on: other).isEmpty, "it is listed there")
  }

  @Test("the tail of a list that paused is read, and a list that never comes does not hold a round")
  func pausingLists() {
    var stage = Self.peer(["relink-interval": .duration(.seconds(5))])
    let first = stage.dials[0].id
    stage.wait(.seconds(10))
    stage.say(GossipWire.listPrefix + GossipWire.listEntries([Self.own]), on: first)
    stage.wait(.milliseconds(250))
    stage.say(Array(":127.0.0.1,70".utf8), on: first)
    stage.wait(.milliseconds(249))
    stage.say(Array("03".utf8), on: first)
    stage.wait(.milliseconds(250))
    #expect(stage.dial(to: Self.at(7_003)) == nil, "the other seed may still answer")
    stage.wait(Self.answerTimeout)
    #expect(stage.dial(to: Self.at(7_003)) != nil)
    #expect(stage.dial(to: Self.at(70)) == nil, "no port is cut short")
  }
}
