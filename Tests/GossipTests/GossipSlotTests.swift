import Gossip
import ParticipantTesting
import Participants
import Testing

/// Whom a peer links to when its slots are taken, free, or free again.
@Suite struct GossipSlotTests {
  typealias Peer = GossipPeerTests

  /// A peer whose two seeds answer every request with the same list.
  static func peer(
    listing list: [UInt16], _ options: [String: OptionValue] = [:]
  ) -> Stage {
    var stage = Peer.peer(
      ["relink-interval": .duration(.seconds(5)), "liveness-interval": .duration(.seconds(3_600))]
        .merging(options) { $1 }, knowing: list.map(Peer.at))
    // The first dials come to nothing: every test says who links.
    for dial in stage.dials.dropFirst(2) { stage.handle(.closed(dial.id, .failed)) }
    return stage
  }

  /// Lets time pass; the seeds answer with a list. Returns how many requests they got.
  static func wait(
    _ seconds: Int, listing list: [UInt16], _ stage: inout Stage
  ) -> Int {
    var requests = 0
    for _ in 0..<seconds {
      stage.wait(.seconds(1))
      for seed in stage.dials.prefix(2) where stage.heard(on: seed.id) == GossipWire.listRequest {
        requests += 1
        let peers = [Peer.own] + list.map(Peer.at)
        stage.say(GossipWire.listPrefix + GossipWire.listEntries(peers), on: seed.id)
      }
    }
    return requests
  }

  static func dialIn(_ port: UInt16, _ stage: inout Stage) -> (id: ConnectionID, answer: [UInt8]) {
    let id = stage.accept()
    stage.say(GossipWire.handshake(Peer.at(port)), on: id)
    return (id, stage.heard(on: id))
  }

  static let greeting = GossipWire.handshake(Peer.own)
  static let busy = GossipWire.busyFrame

  @Test("a slot that becomes free is given to the next that dials, also to who had it before")
  func freedSlots() {
    var stage = Self.peer(listing: [])
    let ids = (7_000..<7_004).map { Peer.neighbour(UInt16($0), of: &stage) }
    #expect(Self.dialIn(7_004, &stage).answer == Self.busy)
    for (id, port) in zip(ids, [UInt16(7_004), 7_001, 7_002, 7_003]) {
      stage.handle(.closed(id, .ended))
      #expect(Self.dialIn(port, &stage).answer == Self.greeting)
      #expect(Self.dialIn(7_009, &stage).answer == Self.busy)
    }
  }

  @Test("as many are dialled as there are slots, nobody twice; the next when one says nothing")
  func dialling() throws {
    var stage = Peer.peer(knowing: (5_300..<5_306).map { Peer.at($0) })
    let others = { (stage: Stage) in stage.dials.dropFirst(2) }
    #expect(others(stage).count == 4)
    let first = try #require(others(stage).first)
    stage.handle(.closed(first.id, .failed))
    #expect(others(stage).count == 5)
    stage.wait(Peer.answerTimeout)
    #expect(others(stage).count == 6)
    #expect(Set(others(stage).map(\.to)).count == 6)
    #expect(stage.logged(GossipEvents.deadReported).isEmpty, "they only said nothing")
  }

  @Test("a neighbour is not dialled, whoever lists it")
  func neighboursAreNotDialled() {
    var stage = Self.peer(listing: [])
    _ = Peer.neighbour(7_000, of: &stage)
    #expect(Self.wait(100, listing: [7_000, 5_400], &stage) > 0)
    #expect(!stage.dials.contains { $0.to == Peer.at(7_000) })
    #expect(stage.dials.contains { $0.to == Peer.at(5_400) })
  }

  @Test("a peer that is listed and not there is reported")
  func listedAndGone() throws {
    var stage = Peer.peer(knowing: [Peer.at(7_000)])
    stage.handle(.closed(try #require(stage.dial(to: Peer.at(7_000))), .refused))
    #expect(stage.logged(GossipEvents.deadReported).count == 2)
  }

  @Test("a neighbour that sends nothing but garbage is closed, linked or not")
  func garbage() {
    var stage = Self.peer(listing: [])
    for id in [stage.accept(), Peer.neighbour(7_000, of: &stage)] {
      stage.say([UInt8](repeating: 0xfe, count: 4_096), on: id)
      #expect(!stage.closed.contains(id))
      stage.say([0x20, 0xfe], on: id)
      #expect(stage.closed.contains(id))
    }
    #expect(stage.logged(GossipEvents.linkClosed).map { $0["reason"] } == ["garbled"])
  }

  @Test("a neighbour that made room for another may come again")
  func displacedNeighbour() {
    var stage = Self.peer(listing: [])
    let link = Peer.neighbour(7_000, of: &stage)
    stage.say(Self.busy, on: link)
    #expect(stage.closed.contains(link))
    #expect(stage.logged(GossipEvents.peerSuspected).isEmpty, "who says BUSY lives")
    #expect(Self.dialIn(7_000, &stage).answer == Self.greeting)
  }

  @Test("when a link is lost, the seeds are asked again and whoever they name is dialled")
  func relinks() throws {
    var stage = Self.peer(listing: [])
    let link = Peer.neighbour(7_000, of: &stage)
    _ = Self.wait(200, listing: [], &stage)
    stage.handle(.closed(link, .ended))
    stage.handle(.closed(try #require(stage.dial(to: Peer.at(7_000))), .refused))
    let dialled = stage.dials.count
    #expect(Self.wait(7, listing: [7_005], &stage) >= 2)
    #expect(stage.dials.dropFirst(dialled).contains { $0.to == Peer.at(7_005) })
  }

  @Test("when a silent neighbour is found dead, the seeds are asked again")
  func relinksAfterSilence() {
    var stage = Self.peer(listing: [], ["liveness-interval": .duration(.seconds(13))])
    _ = Peer.neighbour(7_000, of: &stage)
    _ = Self.wait(54, listing: [], &stage)
    let asked = stage.logged(GossipEvents.listReceived).count
    #expect(Self.wait(8, listing: [7_005], &stage) > 0, "not only in the last backoff's time")
    #expect(stage.logged(GossipEvents.listReceived).count > asked)
    #expect(stage.dial(to: Peer.at(7_005)) != nil)
  }

  @Test("a full peer without a greater neighbour dials the nearest greater one; with one, nobody")
  func anchors() {
    for (fourth, dials) in [(UInt16(5_504), true), (7_000, false)] {
      var stage = Self.peer(listing: [])
      for port in [5_501, 5_502, 5_503, fourth] { _ = Peer.neighbour(port, of: &stage) }
      let before = stage.dials.count
      _ = Self.wait(90, listing: [7_002, 7_001], &stage)
      #expect(stage.dials.dropFirst(before).first?.to == (dials ? Peer.at(7_001) : nil))
    }
  }

  @Test("who has no greater neighbour asks on without a pause while one is listed; else rarely")
  func asksForAnAnchor() {
    for (greater, rounds) in [(UInt16(7_001), 18...22), (5_505, 2...5)] {
      var stage = Self.peer(listing: [])
      for port in UInt16(5_501)..<5_505 { _ = Peer.neighbour(port, of: &stage) }
      var requests = 0
      for _ in 0..<120 {
        requests += Self.wait(1, listing: [greater], &stage)
        if let dial = stage.dial(to: Peer.at(greater)) { stage.say(Self.busy, on: dial) }
      }
      #expect(rounds.contains(requests / 2), "\(requests) requests to two seeds")
    }
  }

  @Test("a full peer asks the seeds once about a smaller stranger, and makes room for the nearest")
  func makesRoom() {
    var stage = Self.peer(listing: [])
    for port in 7_000..<7_004 { _ = Peer.neighbour(UInt16(port), of: &stage) }
    _ = Self.wait(100, listing: [], &stage)
    #expect(Self.dialIn(5_500, &stage).answer == Self.busy)
    #expect(Self.wait(60, listing: [5_500, 5_400], &stage) == 2, "each seed, once")
    #expect(Self.dialIn(5_400, &stage).answer == Self.busy, "not the nearest")
    let (nearest, answer) = Self.dialIn(5_500, &stage)
    #expect(answer == Self.greeting)

    #expect(Self.dialIn(5_600, &stage).answer == Self.busy)
    #expect(Self.wait(60, listing: [5_500, 5_600], &stage) == 2)
    #expect(Self.dialIn(5_600, &stage).answer == Self.greeting, "a nearer one takes its place")
    #expect(stage.heard(on: nearest) == Self.busy)
    #expect(stage.closed.contains(nearest))
  }

  @Test("a full peer asks about a smaller stranger that is nearest if others died, not a far one")
  func nearestHasDied() {
    var stage = Self.peer(listing: [5_500])
    for port in 7_000..<7_004 { _ = Peer.neighbour(UInt16(port), of: &stage) }
    _ = Self.wait(100, listing: [5_500], &stage)
    #expect(Self.dialIn(5_400, &stage).answer == Self.busy)
    #expect(Self.wait(6, listing: [5_400], &stage) == 2, "the seeds have dropped the nearest")
    #expect(Self.dialIn(5_400, &stage).answer == Self.greeting)

    _ = Self.wait(100, listing: (5_500..<5_508).map { $0 }, &stage)
    #expect(Self.dialIn(5_499, &stage).answer == Self.busy)
    #expect(Self.wait(6, listing: [], &stage) == 0, "eight would have had to die")
  }

  @Test("who is asked for room again and again does not put off asking the seeds")
  func roundsAreNotPutOff() {
    var stage = Self.peer(listing: [])
    for port in 7_000..<7_004 { _ = Peer.neighbour(UInt16(port), of: &stage) }
    _ = Self.wait(100, listing: [], &stage)
    var requests = 0
    for _ in 0..<12 {
      _ = Self.dialIn(5_500, &stage)
      requests += Self.wait(1, listing: [], &stage)
    }
    #expect(requests == 4, "two rounds of two seeds, \(requests) requests")
  }

  @Test("room that was made and left again is made again, at nobody's cost")
  func roomIsGivenBack() {
    var stage = Self.peer(listing: [5_500])
    let first = Peer.neighbour(7_000, of: &stage)
    for port in 7_001..<7_004 { _ = Peer.neighbour(UInt16(port), of: &stage) }
    let (extra, answer) = Self.dialIn(5_500, &stage)
    #expect(answer == Self.greeting)
    stage.handle(.closed(extra, .ended))
    stage.handle(.closed(first, .ended))
    let (again, _) = Self.dialIn(5_500, &stage)
    #expect(Self.dialIn(7_004, &stage).answer == Self.busy)
    #expect(Self.dialIn(5_600, &stage).answer == Self.busy)
    #expect(Self.wait(60, listing: [5_600, 5_500], &stage) == 2)
    #expect(Self.dialIn(5_600, &stage).answer == Self.greeting)
    #expect(!stage.closed.contains(again), "it had an ordinary slot by then")
  }

  @Test("a connection that ends leaves no timer behind")
  func noTimersLeft() {
    var stage = Self.peer(listing: [], ["relink-interval": .duration(.seconds(3_600))])
    let before = stage.waiting
    let link = Peer.neighbour(7_000, of: &stage)
    #expect(stage.waiting == before + 2, "the probe and the catch-up")
    let unknown = stage.accept()
    let quiet = stage.accept()
    stage.wait(.milliseconds(250))
    stage.say(GossipWire.handshake(Peer.at(7_001)), on: quiet)
    stage.handle(.closed(unknown, .ended))
    #expect(stage.waiting == before + 4, "two for each link")
    stage.say(Self.busy, on: quiet)
    _ = Self.dialIn(7_000, &stage)
    for id in [stage.accept(), link] { stage.handle(.closed(id, .ended)) }
    if let visit = stage.dial(to: Peer.at(7_000)) {
      stage.handle(.closed(visit, .reset))
      _ = Peer.neighbour(7_000, of: &stage)
    }
    #expect(stage.waiting == before + 2, "those of the new link")
  }
}
