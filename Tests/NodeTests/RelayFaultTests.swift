import Faults
import Foundation
import Glibc
import Participants
import Testing

extension NodeTests {
  @Suite("The relay, where faults are on,") struct RelayFaultTests {
    let relay: RelayUnderTest
    /// Where the dials come from.
    let one: Listening
    /// Where they go.
    let two: Listening

    init() throws {
      relay = try RelayUnderTest()
      one = try relay.open("one")
      two = try relay.open("two")
    }

    private func connect() throws -> (near: Connection, far: Connection) {
      let near = try Connection(to: two.address, from: one.source)
      return (near, try two.listener.accept())
    }

    /// Once strangers have been heard, whatever could pass to a node before has passed. Returns the
    /// datagrams that came before.
    @discardableResult private func settle(at node: Listening? = nil) throws -> [String] {
      let node = node ?? two
      let stranger = try Connection(to: node.address)
      let heard = try node.listener.accept()
      stranger.write([1])
      _ = try heard.read(1)
      try DatagramPlug().send("settled", to: node.address)
      var datagrams: [String] = []
      while datagrams.last != "settled" { datagrams.append(try node.datagrams.receiveText()) }
      return datagrams.dropLast()
    }

    /// How long something takes, in seconds.
    private func seconds(_ body: () throws -> Void) throws -> Double {
      try ContinuousClock().measure(body) / .seconds(1)
    }

    // MARK: - Partitions

    @Test("holds a stream, and its end, until a partition has healed")
    func partition() throws {
      let (near, far) = try connect()
      try relay.apply(relay.rule(.partition, from: "one", to: "two"))
      near.write(Array("last words".utf8))
      near.finish()
      far.write(Array("hello?".utf8))
      try settle()
      #expect(!near.hasSomething && !far.hasSomething)
      // Another fault comes and goes meanwhile.
      let cut = relay.rule(.partition, from: "two", to: "one")
      try relay.apply(cut, relay.rule(.latency(Microseconds(1_000)), from: "one", to: "two"))
      try relay.apply(cut)
      try settle()
      #expect(!near.hasSomething && !far.hasSomething)
      try relay.apply()
      #expect(try far.readToEnd() == Array("last words".utf8))
      try near.read("hello?")
    }

    @Test("holds in a partition what was on the way when it came, and its end")
    func onTheWay() throws {
      let three = try relay.open("three")
      let (near, far) = try connect()
      // Long for a busy machine to come to the partition.
      let later = relay.rule(.latency(Microseconds(2_100_000)), from: "one", to: "three")
      try relay.apply(later, relay.rule(.latency(Microseconds(2_000_000)), from: "one", to: "two"))
      near.write(Array("hello".utf8))
      near.finish()
      try settle()
      try relay.apply(later, relay.rule(.partition, from: "one", to: "two"))
      one.datagrams.send("later", to: three.address)
      #expect(try three.datagrams.receiveText() == "later")
      #expect(!far.hasSomething)
      try relay.apply()
      #expect(try far.readToEnd() == Array("hello".utf8))
    }

    @Test("dials from another port where the last connection from that one is still to be reset")
    func portTaken() throws {
      let near = try Connection(to: two.address, from: one.inside)
      let far = try two.listener.accept()
      #expect(far.remote == one.address)
      try relay.apply(relay.rule(.latency(Microseconds(3_000_000)), from: "one", to: "two"))
      near.reset()
      try settle()
      try relay.apply()
      let again = try Connection(to: two.address, from: one.inside)
      again.write([1])
      let second = try two.listener.accept()
      #expect(try second.read(1) == [1])
      second.write([2])
      #expect(try again.read(1) == [2])
      #expect(second.remote.host == one.address.host && second.remote != one.address)
      #expect(try far.ending() == .reset)
    }

    @Test("holds what a node sent before it died, its end or reset, and passes nothing to it")
    func death() throws {
      let (near, far) = try connect()
      var second: (near: Connection, far: Connection)? = try connect()
      try relay.apply(relay.rule(.partition, from: "one", to: "two"))
      near.reset()
      second?.near.write(Array("last words".utf8))
      let other = second?.far
      second = nil
      try relay.say(.ended("one"))
      try settle()
      #expect(!far.hasSomething)
      try relay.apply()
      #expect(try far.ending() == .reset)
      #expect(try other?.readToEnd() == Array("last words".utf8))
    }

    @Test("cuts one way alone", arguments: [("one", "two"), ("two", "one")])
    func oneWay(from: String, to: String) throws {
      let (near, far) = try connect()
      try relay.apply(relay.rule(.partition, oneWay: true, from: from, to: to))
      for end in [near, far] { end.write(Array("hello".utf8)) }
      one.datagrams.send("from one", to: two.address)
      two.datagrams.send("from two", to: one.address)
      let (heard, cut) = from == "one" ? (near, far) : (far, near)
      try heard.read("hello")
      #expect(try (from == "one" ? one : two).datagrams.receiveText() == "from \(to)")
      #expect(try settle(at: from == "one" ? two : one).isEmpty)
      #expect(!cut.hasSomething)
      #expect(try relay.apply().lost == 1)
      try cut.read("hello")
    }

    @Test(
      "leaves a dial into a partition silent, and makes it afterwards", arguments: [false, true])
    func dial(oneWay: Bool) throws {
      try relay.apply(relay.rule(.partition, oneWay: oneWay, from: "two", to: "one"))
      let near = try Connection(to: two.address, from: one.source)
      near.write(Array("hello".utf8))
      let stranger = try Connection(to: two.address)
      // The first that comes through.
      #expect(try two.listener.accept().remote.host == "127.0.0.1")
      #expect(!near.hasSomething)
      #expect(try relay.apply().held >= 1)
      let far = try two.listener.accept()
      #expect(far.remote.host == one.address.host)
      try far.read("hello")
      stranger.finish()
    }

    @Test("resets a dial that was held once it turns out that nobody listens any more")
    func deadDial() throws {
      let inside = Address(host: "127.0.0.1", port: try Listener().port)
      let address = Address(host: try relay.start("three"), port: inside.port)
      try relay.say(.opened("three", listening: inside, at: address))
      try relay.apply(relay.rule(.partition, from: "one", to: "three"))
      let near = try Connection(to: address, from: one.source)
      try settle()
      try relay.say(.ended("three"))
      try settle()
      #expect(!near.hasSomething)
      try relay.apply()
      #expect(try near.ending() == .reset)
    }

    @Test("knows a node by its name in every life")
    func restart() throws {
      try relay.apply(relay.rule(.partition, from: "one", to: "two"))
      try relay.say(.ended("two"))
      try relay.start("two")
      try relay.say(.opened("two", listening: two.inside, at: two.address))
      one.datagrams.send("hello", to: two.address)
      let near = try Connection(to: two.address, from: one.source)
      near.write([1])
      #expect(try settle().isEmpty)
      #expect(try relay.apply().lost == 1)
      #expect(try two.listener.accept().read(1) == [1])
    }

    // MARK: - The others

    @Test("loses the datagrams that it is to lose, and lets streams wait")
    func loss() throws {
      try relay.apply(relay.rule(.loss(1_000_000), from: "one", to: "two"))
      for _ in 0..<50 { one.datagrams.send("hello", to: two.address) }
      #expect(try settle().isEmpty)
      #expect(try relay.apply(relay.rule(.loss(500_000), from: "one", to: "two")).lost == 50)
      for _ in 0..<100 { one.datagrams.send("hello", to: two.address) }
      let arrived = try settle().count
      #expect((20...80).contains(arrived))
      let (near, far) = try connect()
      #expect(
        try relay.apply(relay.rule(.loss(300_000), from: "one", to: "two")).lost == 100 - arrived)
      // One of twelve pieces waits for 200 ms at least; the seed has it so.
      let time = try seconds { () throws in
        for number in 0..<12 {
          near.write([UInt8(number)])
          #expect(try far.read(1) == [UInt8(number)])
        }
      }
      #expect(time >= 0.2)
    }

    @Test("delays streams, dials and datagrams, and keeps their order")
    func latency() throws {
      let slow = relay.rule(.latency(Microseconds(100_000)), oneWay: true, from: "one", to: "two")
      try relay.apply(slow, slow)
      var connection: (near: Connection, far: Connection)?
      let dial = try seconds { connection = try connect() }
      #expect(dial >= 0.2)
      let (near, far) = try #require(connection)
      let stream = try seconds { () throws in
        for byte in UInt8(0)..<100 { near.write([byte]) }
        near.finish()
        #expect(try far.readToEnd() == Array(0..<100))
      }
      let datagrams = try seconds { () throws in
        for byte in UInt8(0)..<100 { one.datagrams.send([byte], to: two.address) }
        for byte in UInt8(0)..<100 { #expect(try two.datagrams.receive().bytes == [byte]) }
      }
      #expect(stream >= 0.2 && datagrams >= 0.2)
      #expect(try relay.apply().held >= 102)
    }

    @Test("lets through as many bytes as it is to, of streams and datagrams")
    func bandwidth() throws {
      let (near, far) = try connect()
      try relay.apply(relay.rule(.bandwidth(200_000), from: "one", to: "two"))
      let traffic = Traffic(from: near, to: far)
      traffic.add([UInt8](repeating: 7, count: 60_000))
      let time = try seconds { try Traffic.complete([traffic]) }
      #expect(time >= 0.3)
      // No more than the kernel keeps for a socket.
      try relay.apply(relay.rule(.bandwidth(66_000), from: "one", to: "two"))
      for _ in 0..<6 { one.datagrams.send([UInt8](repeating: 7, count: 20_000), to: two.address) }
      for _ in 0..<3 { _ = try two.datagrams.receive() }
      // Others would have waited for longer than a router's queue.
      #expect(try settle().isEmpty)
      #expect(try relay.apply().lost == 3)
    }

    @Test(
      "lets go of a stream when what held it up is over",
      arguments: [Fault.Action.bandwidth(1_000), .loss(999_999)])
    func over(action: Fault.Action) throws {
      let (near, far) = try connect()
      try relay.apply(relay.rule(action, from: "one", to: "two"))
      // By itself it would take minutes.
      let bytes = [UInt8](repeating: 7, count: 200_000)
      near.write(bytes)
      try settle()
      try relay.apply()
      try far.read(bytes)
    }

    @Test("lets a held dial come from its node, even if that has died meanwhile")
    func dialOfTheDead() throws {
      try relay.apply(relay.rule(.partition, from: "one", to: "two"))
      let near = try Connection(to: two.address, from: one.source)
      near.write([1])
      try settle()
      try relay.say(.ended("one"))
      try relay.apply()
      let far = try two.listener.accept()
      #expect(far.remote.host == one.address.host)
      try far.read([1])
    }

    @Test("carries several out at once: the sum of latencies, the worst loss, the least bandwidth")
    func several() throws {
      let (near, far) = try connect()
      try relay.apply(
        relay.rule(.latency(Microseconds(60_000)), from: "one", to: "two"),
        relay.rule(.latency(Microseconds(90_000)), from: "two", to: "one"),
        relay.rule(.bandwidth(900_000), from: "one", to: "two"),
        relay.rule(.bandwidth(200_000), oneWay: true, from: "one", to: "two"),
        relay.rule(.loss(1_000_000), oneWay: true, from: "two", to: "one"))
      let traffic = Traffic(from: near, to: far)
      traffic.add([UInt8](repeating: 7, count: 30_000))
      let time = try seconds { try Traffic.complete([traffic]) }
      #expect(time >= 0.3)
      two.datagrams.send("lost", to: one.address)
      one.datagrams.send("late", to: two.address)
      #expect(try two.datagrams.receiveText() == "late")
      #expect(try settle(at: one).isEmpty)
      #expect(try relay.apply().lost == 1)
    }

    // MARK: - What it does not know

    @Test("passes on what nobody's clients send, and counts it")
    func unknown() throws {
      try relay.apply(relay.rule(.partition, from: "one", to: "two"))
      let stranger = try Connection(to: two.address)
      stranger.write([1])
      #expect(try two.listener.accept().read(1) == [1])
      let client = try DatagramPlug()
      client.send("hello", to: two.address)
      #expect(try two.datagrams.receiveText() == "hello")
      #expect(try relay.apply(relay.rule(.partition, from: "one", to: "two")).unknown == 2)
    }

    @Test("finds out at the next change whose those were that it saw too early")
    func late() throws {
      let cut = relay.rule(.partition, from: "me", to: "two")
      try relay.apply(cut)
      let near = try Connection(to: two.address)
      let far = try two.listener.accept()
      let client = try DatagramPlug()
      client.send("too early", to: two.address)
      _ = try two.datagrams.receive()
      try relay.start("me", group: getpid())
      #expect(try relay.apply(cut).unknown == 2)
      near.write([1])
      client.send("lost", to: two.address)
      one.datagrams.send("heard", to: two.address)
      #expect(try two.datagrams.receiveText() == "heard")
      #expect(!far.hasSomething)
      #expect(try relay.apply() == RelayCounts(lost: 1, held: 0, unknown: 0))
      #expect(try far.read(1) == [1])
    }

    @Test("keeps its counts until the rules change, whoever comes and goes")
    func counts() throws {
      try relay.apply(relay.rule(.partition, from: "one", to: "two"))
      for _ in 0..<3 { one.datagrams.send("lost", to: two.address) }
      try settle()
      try relay.start("three")
      try relay.say(.ended("three"))
      #expect(try relay.apply().lost == 3)
      #expect(try relay.apply() == RelayCounts())
    }

    @Test("hears a node that answers a client who has gone while a datagram of his is on the way")
    func goneClient() throws {
      try relay.start("me", group: getpid())
      let client = try DatagramPlug()
      client.send("at once", to: two.address)
      let (_, from) = try two.datagrams.receive()
      try relay.apply(relay.rule(.latency(Microseconds(300_000)), from: "me", to: "two"))
      client.send("later", to: two.address)
      one.datagrams.send("settled", to: two.address)
      #expect(try two.datagrams.receiveText() == "settled")
      try relay.say(.ended("me"))
      two.datagrams.send("answer", to: from)
      #expect(try two.datagrams.receiveText() == "later")
      #expect(relay.isRunning && client.receiveNow() == nil)
    }
  }
}
