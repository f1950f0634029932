import KPTP
import ParticipantTesting
import Participants
import Testing

/// The original's words, byte for byte, in both of its parts.
@Suite("Beside the original, a peer") struct InteroperationTests {
  @Test(
    "welcomes a client that says nothing after the delay, closes, and records where it came from")
  func server() throws {
    let table = Table(["name": .text("server")])
    let client = table.stage.accept(from: Table.address(4101))
    table.stage.wait(.milliseconds(1_999))
    #expect(table.heard(on: client).isEmpty)
    table.stage.wait(.milliseconds(1))
    #expect(table.heard(on: client) == Fixture.emptyWelcome.bytes)
    #expect(table.stage.closed.contains(client))
    // The client listens only now: it is tried again.
    table.stage.wait(.milliseconds(1))
    table.refuse(4101)
    #expect(table.entries.isEmpty)
    table.stage.wait(.milliseconds(500))
    let (id, types) = try #require(table.pickUp(4101))
    #expect(types == [6])
    table.stage.say(Fixture.response.bytes, on: id)
    #expect(table.entries == [4101])

    let next = table.stage.accept(from: Table.address(4102))
    table.stage.wait(.seconds(2))
    #expect(table.heard(on: next) == Fixture.welcome.bytes)
  }

  @Test("answers a bootstrap request at once, and still sends the welcome")
  func bootstrapRequest() {
    let table = Table(["name": .text("server")])
    let probe = table.stage.accept(from: Table.address(40_484))
    table.stage.say(Fixture.bootstrapRequest.bytes, on: probe)
    let reply = KPTPMessage(.bootstrapReply, name: Array("server".utf8)).encoded
    #expect(table.heard(on: probe) == reply)
    table.stage.wait(.seconds(2))
    #expect(table.heard(on: probe) == Fixture.emptyWelcome.bytes)
    #expect(table.stage.closed.contains(probe))
  }

  @Test("never lets a probe enter its table")
  func probes() {
    let table = Table()
    let probe = table.stage.accept(from: Table.address(40_484))
    table.stage.say(Fixture.bootstrapRequest.bytes, on: probe)
    table.stage.handle(.closed(probe, .ended))
    for _ in 0..<10 {
      table.stage.wait(.seconds(1))
      table.refuse(40_484)
    }
    #expect(table.entries.isEmpty)
    #expect(table.stage.logged(KPTPEvents.peerUnreachable).map(\.peer) == [Table.address(40_484)])
    #expect(table.stage.dials.count == 4, "once, and three times again")
  }

  @Test("joins by a server that answers the request at once and welcomes later")
  func client() throws {
    let table = Table(["name": .text("peer2")], bootstrap: [Table.server])
    let join = try #require(table.stage.dial(to: Table.server))
    table.stage.handle(.connected(join))
    #expect(table.heard(on: join) == Fixture.namedRequest.bytes)
    table.stage.say(Fixture.bootstrapReply.bytes, on: join)
    #expect(table.entries == [4999])
    table.stage.wait(.seconds(2))
    #expect(!table.stage.closed.contains(join), "the server records us when it has closed")
    table.stage.say(Fixture.lateWelcome.bytes, on: join)
    #expect(table.stage.closed.contains(join))
    #expect(table.entries == [4999], "nobody who has not answered enters")
    #expect(
      table.stage.logged(KPTPEvents.joinWelcomed).compactMap { $0["type"] } == [
        .integer(1), .integer(2),
      ])
  }

  @Test("joins by a server that only welcomes, and one after the other where nobody listens")
  func silentServer() throws {
    let table = Table(bootstrap: [Table.address(4998), Table.server])
    table.refuse(4998)
    #expect(table.stage.logged(KPTPEvents.joinFailed).count == 1)
    table.stage.wait(.milliseconds(500))
    let join = try #require(table.stage.dial(to: Table.server))
    table.stage.handle(.connected(join))
    table.stage.wait(.seconds(2))
    table.stage.say(Fixture.emptyWelcome.bytes, on: join)
    #expect(table.entries == [4999])
  }

  @Test(
    "greets who is listed one at a time, and asks again by a heartbeat, which an original answers")
  func greetings() throws {
    let table = Table(
      ["name": .text("peer2"), "bucket-size": .count(8)], bootstrap: [Table.server])
    let join = try #require(table.stage.dial(to: Table.server))
    table.stage.handle(.connected(join))
    table.stage.say(Table.message(.welcome, listing: 4101, 4102), on: join)
    table.stage.wait(.zero)
    #expect(table.stage.logged(KPTPEvents.helloSent).count == 1)
    let first = try #require(table.stage.logged(KPTPEvents.helloSent).first?.peer?.port)
    let (hello, types) = try #require(table.pickUp(first))
    #expect(types == [4])
    table.stage.wait(.milliseconds(499))
    #expect(table.stage.logged(KPTPEvents.helloSent).count == 1)
    table.stage.wait(.milliseconds(1))
    #expect(table.stage.logged(KPTPEvents.helloSent).count == 2)
    // An original does not answer a hello.
    table.stage.wait(.seconds(5))
    #expect(table.stage.closed.contains(hello))
    table.stage.wait(.milliseconds(500))
    #expect(table.answer(first) == [6])
    #expect(table.entries == [4999, first])
  }

  @Test("takes type 2 and type 4 for a hello, and answers the one that waits for it")
  func hellos() {
    for (kind, answers) in [(KPTPMessage.Kind.welcome, [UInt8]()), (.hello, [8])] {
      let table = Table()
      let id = table.stage.accept(from: Table.address(4101))
      table.stage.say(Table.message(kind, listing: 4102), on: id)
      #expect(table.types(on: id) == answers)
      #expect(table.stage.logged(KPTPEvents.helloReceived).count == 1)
      table.stage.wait(.milliseconds(500))
      table.answer(4101)
      table.answer(4102)
      #expect(table.entries.contains(4101))
      table.stage.wait(.seconds(5))
      #expect(table.types(on: id).isEmpty, "no welcome: it is no client")
    }
  }

  @Test("answers heartbeats on the same connection, in the original's bytes")
  func heartbeats() {
    let table = Table(["name": .text("peer3"), "bucket-size": .count(8)])
    // The fixture's sender lists these two; port 4000 is the peer's own here.
    table.introduce(4101)
    let id = table.stage.accept(from: Table.address(4101))
    table.stage.say(Fixture.heartbeat.bytes, on: id)
    let answer = KPTPMessage(
      .heartbeatResponse, name: Array("peer3".utf8), peers: [Table.endpoint(4101)])
    #expect(table.heard(on: id) == answer.encoded)
  }

  @Test("dials everybody from the port that it listens on")
  func sourcePort() {
    let table = Table(bootstrap: [Table.server])
    if let join = table.stage.dial(to: Table.server) {
      table.stage.handle(.connected(join))
      table.stage.say(Table.message(.welcome, listing: 4101), on: join)
    }
    table.stage.wait(.seconds(40))
    #expect(table.stage.dials.count > 3)
    #expect(table.stage.dials.allSatisfy { $0.from == .listening })
  }

  @Test("answers on a connection that both have dialled at once")
  func simultaneousOpen() throws {
    let table = Table()
    table.introduce(4101)
    table.awaitHeartbeat()
    let (id, types) = try #require(table.pickUp(4101))
    #expect(types == [6])
    table.stage.say(Table.message(.heartbeat), on: id)
    #expect(table.types(on: id) == [8])
    table.stage.say(Table.message(.heartbeatResponse), on: id)
    #expect(table.stage.closed.contains(id))
    #expect(table.stage.logged(KPTPEvents.heartbeatAnswered).count == 1)
  }

  @Test("passes messages over that mean nothing where they come")
  func ignored() {
    let table = Table()
    let id = table.stage.accept(from: Table.address(4101))
    for type in [0, 1, 3, 5, 8, 10, 12, 255] as [UInt8] {
      table.stage.say(KPTPMessage(type: type, name: []).encoded, on: id)
    }
    #expect(table.types(on: id).isEmpty)
    #expect(table.stage.logged(KPTPEvents.messageIgnored).count == 8)
    #expect(!table.stage.closed.contains(id))
  }

  @Test("ends where it has no IPv4 address, which is all that messages carry")
  func noIPv4() {
    let stage = Stage(KPTPRoles.peer, at: Address(host: "::1", port: 4_000))
    #expect(stage.isFinished)
    #expect(stage.logged(KPTPEvents.addressUnusable).count == 1)
  }
}
