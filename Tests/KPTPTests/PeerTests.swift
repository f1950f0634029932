import KPTP
import ParticipantTesting
import Participants
import Testing

@Suite("A kPTP peer") struct PeerTests {
  @Test("drops a peer that misses three heartbeats in a row, and not before")
  func removal() {
    let table = Table()
    table.introduce(4101)
    // Two missed, one answered, three missed.
    for (round, answers) in [false, false, true, false, false, false].enumerated() {
      #expect(table.entries == [4101], "round \(round)")
      table.awaitHeartbeat()
      if answers { table.answer(4101) } else { table.refuse(4101) }
    }
    #expect(table.entries.isEmpty)
    let misses = table.stage.logged(KPTPEvents.heartbeatMissed).compactMap { $0["misses"] }
    #expect(misses == [1, 2, 1, 2, 3].map { .integer($0) })
    #expect(table.stage.logged(KPTPEvents.entryRemoved).first?["reason"] == "silent")
  }

  @Test("counts silence for five seconds as a miss, and what it could not do itself as none")
  func silence() throws {
    let table = Table()
    table.introduce(4101)
    table.awaitHeartbeat()
    let late = try #require(table.pickUp(4101)).id
    table.stage.wait(.milliseconds(5_001))
    #expect(table.stage.closed.contains(late))
    #expect(table.stage.logged(KPTPEvents.heartbeatMissed).map { $0["reason"] } == ["late"])
    table.awaitHeartbeat()
    let failed = try #require(table.stage.dial(to: Table.address(4101)))
    table.stage.handle(.closed(failed, .failed))
    #expect(table.stage.logged(KPTPEvents.heartbeatMissed).count == 1)
  }

  @Test("leaves who was dropped alone while others still list it, until it calls itself")
  func avoided() {
    let table = Table(["heartbeat-misses": .count(1)])
    table.introduce(4101)
    table.awaitHeartbeat()
    table.refuse(4101)
    #expect(table.entries.isEmpty)
    let dials = table.stage.dials.count
    let id = table.stage.accept(from: Table.address(1))
    table.stage.say(Table.message(.welcome, listing: 4101), on: id)
    table.stage.wait(.seconds(1))
    #expect(!table.stage.dials.dropFirst(dials).contains { $0.to.port == 4101 })
    table.introduce(4101)
    #expect(table.entries == [4101])
  }

  @Test("takes the closest of a bucket, and refuses who is farther")
  func closest() throws {
    let ports = Table.ports(inBucket: 0, 3)
    let table = Table()
    table.introduce(ports[1])
    table.introduce(ports[2])
    #expect(table.entries == [ports[1]])
    #expect(!table.stage.dials.contains { $0.to.port == ports[2] }, "it need not even be asked")
    table.introduce(ports[0])
    #expect(table.entries == [ports[0]])
    let replaced = try #require(table.stage.logged(KPTPEvents.entryReplaced).first)
    #expect(replaced["over"] == .text(Table.address(ports[1]).description))
    #expect(replaced["reason"] == "closer")
  }

  @Test("has no place for a peer with its own ID")
  func collision() throws {
    let own = try #require(Endpoint(Table.own)?.id)
    let twin = try #require(
      (0..<4).lazy.flatMap { low in
        (1...UInt16.max).lazy.map { Endpoint(ip: 0x7f00_0001 + UInt32(low), port: $0) }
      }.first { $0.id == own && $0.address != Table.own })
    let table = Table()
    let id = table.stage.accept(from: Table.address(1))
    let hello = KPTPMessage(.welcome, name: [], peers: [twin]).encoded
    table.stage.say(hello + hello, on: id)
    table.stage.wait(.seconds(1))
    #expect(table.stage.logged(KPTPEvents.peerCollided).map(\.peer) == [twin.address])
    #expect(!table.stage.dials.contains { $0.to == twin.address })
  }

  @Test("closes who sends what is no message, or too many of them, and lives on")
  func strangers() {
    let table = Table()
    let garbled = table.stage.accept(from: Table.address(4101))
    table.stage.say(Array("GET / HTTP/1.1\r\n\r\n".utf8), on: garbled)
    #expect(table.stage.closed.contains(garbled))
    let flood = table.stage.accept(from: Table.address(4101))
    table.stage.say((0..<65).flatMap { _ in Table.message(.heartbeat) }, on: flood)
    #expect(table.stage.closed.contains(flood))
    #expect(table.types(on: flood).count == 64)
    let reasons = table.stage.logged(CommonEvents.messageRejected).compactMap { $0["reason"] }
    #expect(reasons == ["not a message", "too many messages"])
    let endless = table.stage.accept(from: Table.address(4101))
    table.stage.say([UInt8](repeating: 0x90, count: 3), on: endless)
    table.stage.wait(.seconds(3))
    #expect(table.stage.closed.contains(endless))
  }

  @Test("holds as many connections as it may, and closes more at once")
  func connectionLimit() {
    let table = Table(["max-connections": .count(5), "welcome-delay": .duration(.seconds(60))])
    let ids = (0..<13).map { table.stage.accept(from: Table.address(5_000 + $0)) }
    #expect(ids.filter { table.stage.closed.contains($0) } == Array(ids.dropFirst(5)))
    #expect(table.stage.logged(CommonEvents.connectionRefused).count == 4, "the 1st, 2nd, 4th, 8th")
  }

  @Test("is not moved by inputs about connections and timers that it does not know")
  func lateInputs() {
    let table = Table()
    let before = table.stage.events.count
    let unknown = ConnectionID(999)
    table.stage.handle(.connected(unknown))
    table.stage.say(Table.message(.heartbeat), on: unknown)
    table.stage.handle(.drained(unknown))
    table.stage.handle(.closed(unknown, .reset))
    for purpose in [KPTPPeer.Timer.conversation, .join, .greeting, .values] {
      table.stage.handle(.timer(TimerKey(purpose, 999)))
    }
    #expect(table.stage.events.count == before)
    #expect(table.stage.dials.isEmpty)
  }

  @Test("asks its way to its own ID when it has joined, through peers that only others know")
  func lookup() throws {
    let table = Table(bootstrap: [Table.server])
    let join = try #require(table.stage.dial(to: Table.server))
    table.stage.handle(.connected(join))
    table.stage.say(Table.message(.welcome), on: join)
    #expect(table.answer(4999, listing: 4101) == [6])
    #expect(table.pickUp(4101)?.types == [6], "asked on the way, whether or not it enters")
  }

  @Test("keeps a value that it is sent, and hands it out")
  func values() {
    let table = Table()
    let store = table.stage.accept(from: Table.address(1))
    let payload = Payload(key: Array("key".utf8), value: Array("value".utf8))
    table.stage.say(KPTPMessage(.store, name: payload.encoded).encoded, on: store)
    #expect(
      table.messages(on: store) == [KPTPMessage(.stored, name: Payload(key: payload.key).encoded)])
    let find = table.stage.accept(from: Table.address(1))
    for key in [payload.key, [1]] {
      table.stage.say(KPTPMessage(.find, name: Payload(key: key).encoded).encoded, on: find)
    }
    #expect(
      table.messages(on: find) == [
        KPTPMessage(.found, name: payload.encoded),
        KPTPMessage(.found, name: Payload(key: [1]).encoded),
      ])
  }
}
