import Faults
import Foundation
import Glibc
import Participants
import Testing

extension NodeTests {
  /// What stands between the nodes of a run where no fault is on.
  @Suite("The relay passes on") struct RelayTests {
    let relay: RelayUnderTest
    /// Dials as whatever the test's own process is.
    let host: String
    let node: Listening

    init() throws {
      relay = try RelayUnderTest()
      host = try relay.start("me", group: getpid())
      node = try relay.open("node")
    }

    /// A connection to the node, and its other end.
    private func connect(from own: Address? = nil) throws -> (near: Connection, far: Connection) {
      let near = try Connection(to: node.address, from: own)
      return (near, try node.listener.accept())
    }

    @Test("megabytes both ways on several connections at once, unharmed")
    func bytes() throws {
      var random = SeededGenerator(seed: 11)
      let traffic = try (0..<4).flatMap { number in
        let (near, far) = try connect()
        let both = [Traffic(from: near, to: far), Traffic(from: far, to: near)]
        for one in both { one.add(.random(1_000_000 + number, using: &random)) }
        return both
      }
      try Traffic.complete(traffic)
      #expect(traffic.allSatisfy { $0.received == $0.all })
    }

    @Test("the end of one direction while the other goes on")
    func halfClose() throws {
      let (near, far) = try connect()
      let before = try relay.openDescriptors()
      near.write(Array("question".utf8))
      near.finish()
      #expect(try far.readToEnd() == Array("question".utf8))
      far.write(Array("answer".utf8))
      try near.read("answer")
      far.write(Array(" and more".utf8))
      far.finish()
      #expect(try near.readToEnd() == Array(" and more".utf8))
      _ = try Deadline.poll("the end of both connections") {
        try relay.openDescriptors() == before - 2 ? true : nil
      }
    }

    @Test("a reset as a reset, either way", arguments: [false, true])
    func reset(backwards: Bool) throws {
      let (near, far) = try connect()
      near.write([1])
      _ = try far.read(1)
      let (one, other) = backwards ? (far, near) : (near, far)
      one.reset()
      #expect(try other.ending() == .reset)
    }

    @Test("to a writer that nobody reads any more what it wrote, after the reader has gone")
    func goneReader() throws {
      var near: Connection? = try Connection(to: node.address)
      let far = try node.listener.accept()
      near?.write([1])
      _ = try far.read(1)
      near = nil
      #expect(try far.ending() == .end)
      _ = try Deadline.poll("an error") {
        var byte: UInt8 = 0
        return unsafe send(far.descriptor, &byte, 1, Int32(MSG_NOSIGNAL)) < 0 ? true : nil
      }
      #expect(near == nil)
    }

    @Test("no more than a slow reader takes, in bounded memory")
    func slowReader() throws {
      let (near, far) = try connect()
      let traffic = Traffic(from: near, to: far)
      let before = try relay.residentSize()
      let piece = [UInt8](repeating: 7, count: 1 << 20)
      while traffic.sent == traffic.all.count, traffic.sent < 256 << 20 {
        traffic.add(piece)
        traffic.send()
        var ready = pollfd(fd: near.descriptor, events: Int16(POLLOUT), revents: 0)
        while traffic.sent < traffic.all.count, unsafe poll(&ready, 1, 300) == 1 { traffic.send() }
      }
      // What it has for one direction, before and behind the faults, and what the kernel has.
      #expect(traffic.sent < 64 << 20)
      #expect(try relay.residentSize() - before < 32 << 20)
      try Traffic.complete([traffic])
      #expect(traffic.received == traffic.all)
    }

    @Test("a dial only while the node listens, and to its next life")
    func lives() throws {
      #expect(throws: Missing.self) {
        try Connection(to: Address(host: node.address.host, port: node.address.port ^ 1))
      }
      let (near, far) = try connect()
      try relay.say(.ended("node"))
      #expect(throws: Missing.self) { try Connection(to: node.address) }
      // What was open is between the processes.
      near.write([1])
      #expect(try far.read(1) == [1])
      try relay.say(.started("node", group: .max, host: node.address.host))
      try relay.say(.opened("node", listening: node.inside, at: node.address))
      let (again, _) = try connect()
      again.write([1])
    }

    @Test("a dial that the node refuses as a reset")
    func refused() throws {
      let inside = Address(host: "127.0.0.1", port: try Listener().port)
      let address = Address(host: host, port: inside.port)
      try relay.say(.opened("me", listening: inside, at: address))
      #expect(try Connection(to: address).ending() == .reset)
    }

    @Test("a door that cannot be opened as the reason, and goes on")
    func taken() throws {
      let other = try Listener()
      let address = Address(host: "127.0.0.1", port: other.port)
      let answer = try relay.say(.opened("me", listening: node.inside, at: address))
      #expect(answer == .taken("cannot listen on \(address): address already in use"))
      _ = try connect()
    }

    // MARK: - Who dials

    @Test("who dials: by the address of our own nodes' dials, by port, and by process")
    func dialler() throws {
      #expect(try connect().far.remote.host == host)
      let other = try relay.open("other")
      #expect(try connect(from: other.source).far.remote.host == other.address.host)
      #expect(try connect(from: other.inside).far.remote == other.address)
    }

    @Test("who dials of what a node has started, and what that has started", arguments: [1, 2, 3])
    func children(depth: Int) throws {
      let dial = "exec 3<>/dev/tcp/\(node.address.host)/\(node.address.port); read -r x <&3"
      let script =
        switch depth {
        case 1: dial
        case 2: "/bin/bash -c '\(dial)'; :"
        default: "/bin/bash -c '/bin/bash -c \"\(dial)\"; :'; :"
        }
      let child = Process()
      child.executableURL = URL(filePath: "/bin/bash")
      child.arguments = ["-c", "read -r x; \(script)"]
      let input = Pipe()
      child.standardInput = input
      try child.run()
      defer {
        kill(-child.processIdentifier, SIGKILL)
        child.waitUntilExit()
      }
      try #require(getpgid(child.processIdentifier) == child.processIdentifier)
      let host = try relay.start("child", group: child.processIdentifier)
      try input.fileHandleForWriting.write(contentsOf: Data("go\n".utf8))
      #expect(try node.listener.accept().remote.host == host)
    }

    @Test("a dial of nobody's, from nobody's host")
    func stranger() throws {
      try relay.say(.ended("me"))
      #expect(try connect().far.remote.host == "127.0.0.1")
    }

    // MARK: - Datagrams

    @Test("datagrams from where nodes listen, and the answers to where they come from")
    func datagrams() throws {
      let other = try relay.open("other")
      other.datagrams.send("hello", to: node.address)
      let (bytes, from) = try node.datagrams.receive()
      #expect(bytes == Array("hello".utf8) && from == other.address)
      node.datagrams.send("yourself", to: from)
      let answer = try other.datagrams.receive()
      #expect(answer.bytes == Array("yourself".utf8) && answer.from == node.address)
    }

    @Test("datagrams of clients, which everybody sees at one address, and their answers")
    func clients() throws {
      let other = try relay.open("other")
      let client = try DatagramPlug()
      var seen: Set<Address> = []
      for one in [node, other] {
        client.send("question", to: one.address)
        let (_, from) = try one.datagrams.receive()
        one.datagrams.send("answer", to: from)
        #expect(try client.receive().from == one.address)
        seen.insert(from)
      }
      #expect(seen == [Address(host: host, port: client.address.port)])
      // Even another client reaches it there, and is answered.
      let second = try DatagramPlug()
      for address in seen { second.send("you", to: address) }
      let (_, from) = try client.receive()
      client.send("me", to: from)
      #expect(try second.receiveText() == "me")
    }

    @Test("what a node sends before it is ready from where it listens later")
    func early() throws {
      let port = try Listener().port
      let early = try DatagramPlug(at: Address(host: "127.0.0.1", port: port))
      early.send("hello", to: node.address)
      let (_, from) = try node.datagrams.receive()
      #expect(from == Address(host: host, port: port))
      let opened = RelayMessage.opened("me", listening: early.address, at: from)
      #expect(try relay.say(opened) == .done(RelayCounts()))
      node.datagrams.send("welcome", to: from)
      #expect(try early.receiveText() == "welcome")
      early.send("thanks", to: node.address)
      #expect(try node.datagrams.receive().from == from)
    }

    @Test("datagrams of any size", arguments: [0, 1, 65_507])
    func sizes(size: Int) throws {
      var random = SeededGenerator(seed: 3)
      let bytes = [UInt8].random(size, using: &random)
      try DatagramPlug().send(bytes, to: node.address)
      #expect(try node.datagrams.receive().bytes == bytes)
    }

    // MARK: - Limits

    @Test("thousands of short connections and leaves nothing of them")
    func many() throws {
      let before = try relay.openDescriptors()
      for number in 0..<3_000 {
        let near = try Connection(to: node.address, from: number % 2 == 0 ? node.source : nil)
        let far = try node.listener.accept()
        switch number % 5 {
        case 0: near.reset()
        case 1: far.reset()
        case 2: break
        default:
          near.write([1])
          _ = try far.read(1)
        }
      }
      _ = try Deadline.poll("the end of all") {
        try relay.openDescriptors() == before ? true : nil
      }
    }

    @Test("datagrams of as many clients as it keeps sockets for, the last ones")
    func manyClients() throws {
      let before = try relay.openDescriptors()
      // Who is gone by the time that it is looked for costs no search.
      try relay.say(.ended("me"))
      for number in 0..<1_200 {
        let client = try DatagramPlug()
        client.send("\(number)", to: node.address)
        #expect(try node.datagrams.receiveText() == "\(number)")
      }
      #expect(try relay.openDescriptors() <= before + 1_024)
    }

    // MARK: - The supervisor

    @Test("nothing more when the supervisor is gone")
    func left() throws {
      relay.leave()
      #expect(try relay.end() == (0, ""))
    }

    @Test(
      "nothing more after what is no message",
      arguments: [
        "rules 1\n", "-1\n", "99999999999999999999\n", "16777217\n", "11111111111111111", "\n",
        "0\n",
        "3\nabc", "13\nstarted a 0 h", "16\nopened a b:1 c:x",
        "32\nrules 1\nfault 1 bandwidth both 0",
      ])
    func malformed(text: String) throws {
      relay.write(Array(text.utf8))
      #expect(try relay.end() == (3, "seedbed-node: the supervisor said what is no message\n"))
    }

    @Test("messages however they are cut, and several at once")
    func cut() throws {
      let messages = (0..<3).map { RelayMessage.ended("nobody-\($0)") }
      let bytes = messages.flatMap(\.framed)
      for byte in bytes.dropLast(20) { relay.write([byte]) }
      relay.write(bytes.suffix(20))
      for _ in messages { #expect(try relay.answer() == .done(RelayCounts())) }
      #expect(try relay.say(.ended("node")) == .done(RelayCounts()))
    }

    @Test("nothing without a supervisor")
    func alone() throws {
      for input in ["/dev/null", "\(#filePath)"] {
        let process = Process()
        let errors = Pipe()
        process.executableURL = NodeProcess.executable
        process.arguments = ["relay"]
        process.standardError = errors
        process.standardInput = try FileHandle(forReadingFrom: URL(filePath: input))
        try process.run()
        let text = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 3)
        #expect(String(decoding: text, as: UTF8.self).contains("standard input is no socket"))
      }
    }
  }
}
