import Gossip
import ParticipantTesting
import Participants
import Testing

/// One seed, step by step.
@Suite struct GossipSeedTests {
  static func at(_ port: UInt16) -> Address { Address(host: "127.0.0.1", port: port) }

  static func seed(_ options: [String: OptionValue] = [:]) -> Stage {
    Stage(GossipRoles.seed, at: at(5_000), options)
  }

  /// Registers a peer and returns its connection.
  static func register(_ port: UInt16, _ stage: inout Stage) -> ConnectionID {
    let id = stage.accept()
    stage.say(GossipWire.register(at(port)), on: id)
    stage.wait(.milliseconds(250))
    let answer = stage.heard(on: id)
    if !stage.closed.contains(id) {
      #expect(answer == GossipWire.welcome(at(5_000)) + GossipWire.registered)
    }
    return id
  }

  static func list(_ stage: inout Stage, on id: ConnectionID) -> [UInt16] {
    _ = stage.heard(on: id)
    stage.say(GossipWire.listRequest, on: id)
    return String(decoding: stage.heard(on: id), as: UTF8.self).split(separator: ",").dropFirst()
      .compactMap { UInt16($0.prefix { $0.isNumber }) }
  }

  static func report(_ port: UInt16, _ stage: inout Stage, on id: ConnectionID) {
    stage.say(GossipWire.report(dead: at(port), at: stage.now, by: at(6_000)), on: id)
  }

  @Test("a peer said to be dead is listed again if it answers, and is told that nobody stays")
  func disputed() throws {
    for words in [GossipWire.handshake(Self.at(6_001)), GossipWire.busyFrame] {
      var stage = Self.seed()
      let reporter = Self.register(6_000, &stage)
      _ = Self.register(6_001, &stage)
      Self.report(6_001, &stage, on: reporter)
      Self.report(6_001, &stage, on: reporter)
      #expect(stage.dials.count == 1, "one look for any number of reports")
      #expect(stage.logged(GossipEvents.reportIgnored).isEmpty)
      #expect(Self.list(&stage, on: reporter) == [6_000])
      let visit = try #require(stage.dial(to: Self.at(6_001)))
      stage.handle(.connected(visit))
      #expect(stage.heard(on: visit).isEmpty)
      stage.say(words, on: visit)
      #expect(
        stage.heard(on: visit) == (words == GossipWire.busyFrame ? [] : Fixture.busy.bytes))
      #expect(stage.closed == [visit])
      #expect(Self.list(&stage, on: reporter) == [6_000, 6_001])
      #expect(stage.logged(GossipEvents.reportDisputed).count == 1)
    }
  }

  @Test("a peer said to be dead that lets the time pass is dropped")
  func removed() {
    var stage = Self.seed()
    let reporter = Self.register(6_000, &stage)
    _ = Self.register(6_001, &stage)
    Self.report(6_001, &stage, on: reporter)
    stage.handle(.connected(stage.dials[0].id))
    stage.wait(.milliseconds(2_999))
    #expect(stage.logged(GossipEvents.peerRemoved).isEmpty)
    stage.wait(.milliseconds(1))
    #expect(stage.logged(GossipEvents.peerRemoved).count == 1)
    #expect(stage.heard(on: stage.dials[0].id) == Fixture.busy.bytes, "it may yet read it")
    #expect(Self.list(&stage, on: reporter) == [6_000])
    Self.report(6_001, &stage, on: reporter)
    #expect(stage.logged(GossipEvents.reportIgnored).count == 1)
  }

  @Test("a peer that could not be dialled from here stays listed")
  func unsure() {
    var stage = Self.seed()
    let reporter = Self.register(6_000, &stage)
    _ = Self.register(6_001, &stage)
    Self.report(6_001, &stage, on: reporter)
    stage.handle(.closed(stage.dials[0].id, .failed))
    #expect(Self.list(&stage, on: reporter) == [6_000, 6_001])
  }

  @Test("a suspect that registers is alive")
  func registersWhileSuspected() {
    var stage = Self.seed()
    let reporter = Self.register(6_000, &stage)
    Self.report(6_000, &stage, on: reporter)
    _ = Self.register(6_000, &stage)
    #expect(stage.closed.contains(stage.dials[0].id))
    #expect(stage.heard(on: stage.dials[0].id) == Fixture.busy.bytes)
    stage.wait(.seconds(5))
    #expect(Self.list(&stage, on: reporter) == [6_000], "listed once")
    #expect(stage.logged(GossipEvents.peerRemoved).isEmpty)
  }

  @Test("a connection that never registers is closed in the end; one that does is kept")
  func registrationTimeout() {
    var stage = Self.seed()
    let (stranger, peer) = (stage.accept(), Self.register(6_000, &stage))
    stage.wait(.seconds(31))
    #expect(stage.closed == [stranger])
    #expect(!stage.closed.contains(peer))
  }

  @Test("limits: as many connections and peers as allowed, no more")
  func limits() {
    var stage = Self.seed(["max-connections": .count(3), "max-peers": .count(1)])
    let first = Self.register(6_000, &stage)
    let second = Self.register(6_001, &stage)
    #expect(stage.closed == [second], "the list is full")
    #expect(Self.register(6_000, &stage) != first, "whoever is listed may come again")
    _ = stage.accept()
    let tooMany = stage.accept()
    #expect(stage.closed == [second, tooMany])
    #expect(Self.list(&stage, on: first) == [6_000])
  }
}
