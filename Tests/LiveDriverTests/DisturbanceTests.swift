import Faults
import Foundation
import Glibc
import Participants
import Testing

/// Faults on the network between the driver's node, `me`, and another, which the test plays.
extension LiveDriverTests {
  /// The other node: a port that it listens on, and where its dials come from.
  private struct Other {
    let listening: Address
    var source: Address {
      let port = listening.port
      return Address(host: "127.101.\(port >> 8).\(port & 255)", port: 0)
    }

    init() throws { listening = Address(host: "127.0.0.1", port: try Plug.freePort()) }
  }

  /// Puts a fault on, or ends all, and waits until the driver goes by it. Returns what it said.
  @discardableResult private func rule(
    _ number: Int, _ action: Fault.Action? = nil, oneWay: Bool = false, with other: Other
  ) throws -> [String: Any] {
    let fault = action.map {
      Fault(id: 1, action: $0, between: ["me"], and: ["you"], oneWay: oneWay, at: .zero)
    }
    let rules = NetworkRules(
      number: number, faults: fault.map { [$0] } ?? [],
      addresses: ["me": address, "you": other.listening])
    let file = folder.appending(path: "network.rules")
    try Data(rules.description.utf8).write(to: file)
    let deadline = Date(timeIntervalSinceNow: 120)
    while Date() < deadline {
      // Until the driver runs, the signal is without effect.
      kill(getpid(), SIGURG)
      try Plug(address).ask("there?", for: "there?")
      let lines = try String(contentsOf: folder.appending(path: "log.ndjson"), encoding: .utf8)
      for line in lines.split(separator: "\n") {
        let event = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        if event?["kind"] as? String == "rules.applied", event?["number"] as? Int == number {
          return event ?? [:]
        }
      }
    }
    throw Plug.Failure(got: "no rules.applied")
  }

  /// Datagrams that the driver has lost up to its last rules: a signal more, and it counts anew.
  private func lost() throws -> Int {
    try String(contentsOf: folder.appending(path: "log.ndjson"), encoding: .utf8)
      .split(separator: "\n").reduce(0) { sum, line in
        let event = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        return sum + (event?["lost"] as? Int ?? 0)
      }
  }

  /// How long something takes, in seconds.
  private func seconds(_ body: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    return try clock.measure(body) / .seconds(1)
  }

  @Test("a dial tells which node it comes from")
  func source() throws {
    let (listener, port) = try Plug.listener()
    defer { close(listener) }
    let plug = try Plug(address)
    plug.write("dial 127.0.0.1:\(port)")
    let accepted = try Plug.accept(from: listener)
    #expect(accepted.host == "127.101.\(address.port >> 8).\(address.port & 255)")
    close(accepted.descriptor)
    _ = try log()
  }

  @Test("a partition holds back what comes on a stream until it heals, and others are heard")
  func partition() throws {
    let other = try Other()
    let plug = try Plug(address, from: other.source)
    try plug.ask("before", for: "before")
    try rule(1, .partition, with: other)
    plug.write("during")
    for _ in 0..<20 { try Plug(address).ask("me?", for: "me?") }
    #expect(!plug.hasSomething)
    try rule(2, with: other)
    #expect(try plug.read() == "during")
    _ = try log()
  }

  @Test("what a node sent before it died in a partition, and its end, come when it heals")
  func deathInPartition() throws {
    let other = try Other()
    try rule(1, .partition, with: other)
    var plug: Plug? = try Plug(address, from: other.source)
    plug?.write("last words")
    plug = nil
    try rule(2, .partition, with: other)
    let text = try String(contentsOf: folder.appending(path: "log.ndjson"), encoding: .utf8)
    // Strangers have come and gone.
    let strangers = text.components(separatedBy: "puppet.heard").count
    try rule(3, with: other)
    let log = try log()
    let closed = log.filter { $0["kind"] as? String == "puppet.heard" }
    #expect(closed.count >= strangers)
    let healed = try #require(log.firstIndex { $0["number"] as? Int == 3 })
    #expect(log[healed...].contains { $0["what"] as? String == "closed" })
  }

  @Test("a one-way partition lets the other way through")
  func oneWay() throws {
    let other = try Other()
    let plug = try Plug(address, from: other.source)
    try plug.ask("before", for: "before")
    // Only what `me` sends is cut; who receives holds a stream back, which is the other's driver.
    try rule(1, .partition, oneWay: true, with: other)
    try plug.ask("hello", for: "hello")
    let datagram = try Plug(address, SOCK_DGRAM, from: other.listening)
    datagram.write("drawer")
    try plug.ask("again", for: "again")
    #expect(!datagram.hasSomething)
    #expect(try rule(2, with: other)["lost"] as? Int == 1)
    try datagram.ask("drawer", for: "reward")
    _ = try log()
  }

  @Test("a dial in a partition is tried again, and made once it has healed")
  func dialInPartition() throws {
    let other = try Other()
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    #expect(Plug.bind(listener, to: other.listening) && listen(listener, 8) == 0)
    try rule(1, .partition, with: other)
    let plug = try Plug(address)
    plug.write("dial \(other.listening)")
    try Plug(address).ask("hello", for: "hello")
    var poll = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
    #expect(unsafe Glibc.poll(&poll, 1, 0) == 0)
    try rule(2, with: other)
    let accepted = try Plug.accept(from: listener)
    #expect(accepted.host == "127.101.\(address.port >> 8).\(address.port & 255)")
    close(accepted.descriptor)
    _ = try log()
  }

  @Test("latency is added to what comes on streams and to datagrams that are sent")
  func latency() throws {
    let other = try Other()
    try rule(1, .latency(Microseconds(150_000)), with: other)
    let plug = try Plug(address, from: other.source)
    #expect(try seconds { try plug.ask("hello", for: "hello") } >= 0.15)
    let datagram = try Plug(address, SOCK_DGRAM, from: other.listening)
    #expect(try seconds { try datagram.ask("drawer", for: "reward") } >= 0.15)
    _ = try log()
  }

  @Test("bandwidth is what comes on streams at most; datagrams that would wait too long are lost")
  func bandwidth() throws {
    let other = try Other()
    try rule(1, .bandwidth(100_000), with: other)
    let plug = try Plug(address, from: other.source)
    let text = String(repeating: "x", count: 20_000)
    #expect(try seconds { try plug.ask(text, for: text) } >= 0.2)
    let datagram = try Plug(address, SOCK_DGRAM, from: other.listening)
    for _ in 0..<3 { datagram.write(String(repeating: "x", count: 40_000)) }
    _ = try (datagram.read(), datagram.read())
    try plug.ask("and?", for: "and?")
    #expect(!datagram.hasSomething)
    _ = try log()
  }

  @Test(
    "what a bandwidth or a loss holds up goes on when that is over",
    arguments: [Fault.Action.bandwidth(1_000), .loss(999_999)])
  func over(action: Fault.Action) throws {
    let other = try Other()
    try rule(1, action, with: other)
    let plug = try Plug(address, from: other.source)
    // By itself it would take minutes.
    let text = String(repeating: "x", count: 100_000)
    plug.write(text)
    for _ in 0..<20 { try Plug(address).ask("me?", for: "me?") }
    try rule(2, with: other)
    try plug.ask("", for: text)
    _ = try log()
  }

  @Test("loss takes some datagrams, and makes streams wait")
  func loss() throws {
    let other = try Other()
    try rule(1, .loss(500_000), with: other)
    let datagram = try Plug(address, SOCK_DGRAM, from: other.listening)
    for _ in 0..<100 {
      datagram.write("drawer")
      try Plug(address).ask("hello", for: "hello")
    }
    var arrived = 0
    while datagram.hasSomething {
      _ = try datagram.read()
      arrived += 1
    }
    #expect((20...80).contains(arrived))
    try rule(2, .loss(300_000), with: other)
    #expect(try lost() == 100 - arrived)
    let plug = try Plug(address, from: other.source)
    // One of twelve pieces waits for 200 ms at least; the seed has it so.
    #expect(try seconds { for _ in 0..<12 { try plug.ask("hello", for: "hello") } } >= 0.2)
    _ = try log()
  }

  @Test("a node that is stopped in a partition ends at once")
  func stopInPartition() throws {
    let other = try Other()
    let plug = try Plug(address, from: other.source)
    try plug.ask("before", for: "before")
    try rule(1, .partition, with: other)
    try rule(2, .latency(Microseconds(3_600_000_000)), with: other)
    let datagram = try Plug(address, SOCK_DGRAM, from: other.listening)
    datagram.write("drawer")
    plug.write("never")
    try Plug(address).write("dial \(other.listening)")
    #expect(try log().last?["kind"] as? String == "node.stopped")
  }
}
