import Foundation
import Testing

/// Suites that start processes take turns: the machine is small.
@Suite(.serialized) enum NodeTests {}

extension NodeTests {
  /// A real seed process, spoken to in the original's bytes.
  @Suite struct SeedProcess {
    let seed: NodeProcess
    let port: UInt16

    init() throws {
      seed = try NodeProcess("gossip-seed")
      port = try seed.port()
    }

    /// Registers an address as the original does and keeps the connection.
    private func register(_ address: String) throws -> Connection {
      let peer = try Connection(port: port)
      try peer.read("welcome connected to seed with address 127.0.0.1:\(port)")
      peer.write("register:\(address)".utf8)
      try peer.read("registered successfully")
      return peer
    }

    private func list(_ peer: Connection, _ entries: String) throws {
      peer.write("peer list".utf8)
      try peer.read("peer list:" + entries)
    }

    @Test("a seed welcomes, registers and lists as the original does")
    func conversation() throws {
      let first = try register("localhost:6001")
      try list(first, ":localhost,6001")
      let second = try register("localhost:6002")
      try list(second, ":localhost,6001:localhost,6002")
      try list(first, ":localhost,6001:localhost,6002")
    }

    @Test("a registration is understood wherever it is cut")
    func cutRegistrations() throws {
      let message = Array("register:localhost:6001".utf8)
      let peers = try (1..<message.count).map { _ in try Connection(port: port) }
      for (index, peer) in peers.enumerated() {
        try peer.read("welcome connected to seed with address 127.0.0.1:\(port)")
        peer.write(message, cutAt: [index + 1])
      }
      for peer in peers {
        try peer.read("registered successfully")
        try list(peer, ":localhost,6001")
      }
    }

    @Test("a report drops a dead peer at once, whoever asks, wherever it is cut")
    func reports() throws {
      let reporter = try register("127.0.0.1:60001")
      let padding = String(repeating: " ", count: 1024)
      for cut in [1, 9, 10, 30, 57, 58, 500, 1023] {
        _ = try register("127.0.0.1:60002")
        let report = "Dead Node:127.0.0.1:60002:1795148640.868537:127.0.0.1:60001"
        reporter.write(Array((report + padding).utf8.prefix(1024)), cutAt: [cut])
        try list(reporter, ":127.0.0.1,60001")
      }
      let removed = try seed.event("peer.removed")
      #expect(removed["peer"] as? String == "127.0.0.1:60002")
      #expect(removed["by"] as? String == "127.0.0.1:60001")
    }

    @Test("a peer that answers is not dropped, whoever reports it")
    func falseReports() throws {
      let alive = try Listener()
      let reporter = try register("127.0.0.1:60001")
      _ = try register("127.0.0.1:\(alive.port)")
      reporter.write(
        "Dead Node:127.0.0.1:\(alive.port):1795148640.868537:127.0.0.1:60001".utf8
          + [UInt8](repeating: 0x20, count: 964))
      let visit = try alive.accept()
      visit.write("connected to peer:127.0.0.1:\(alive.port)          ".utf8)
      #expect(try seed.event("report.disputed")["peer"] as? String == "127.0.0.1:\(alive.port)")
      try list(reporter, ":127.0.0.1,60001:127.0.0.1,\(alive.port)")
    }

    @Test("garbage and a megabyte without an end are logged, dropped and survived")
    func garbage() throws {
      for stream in [
        Array("GET / HTTP/1.1\r\n\r\n".utf8), [UInt8](repeating: 0xff, count: 1 << 20),
        Array("register:".utf8) + [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20),
      ] {
        let stranger = try Connection(port: port)
        stranger.write(stream)
        if stream.count > 10_000 { _ = try stranger.readToEnd() }
      }
      _ = try seed.event("message.rejected") { $0["reason"] as? String == "not a message" }
      _ = try seed.event("message.rejected") { $0["reason"] as? String == "too many" }
      try list(register("localhost:6001"), ":localhost,6001")
    }

    @Test("ten thousand connections meet the limit, and the seed lives")
    func manyConnections() throws {
      let seed = try NodeProcess("gossip-seed", ["--max-connections", "100"])
      let port = try seed.port()
      let count = min(10_000, Descriptors.raise() - 200)
      var connections = try (0..<count).map { _ in try Connection(port: port) }
      let refusals = try seed.event("connection.refused") { $0["count"] as? Int == 4_096 }
      #expect(refusals["count"] as? Int == 4_096)
      #expect(connections.count == count)
      connections = []
      let peer = try Deadline.poll("room for a peer") { () -> Connection? in
        let peer = try Connection(port: port)
        return (try? peer.read("welcome")) == nil ? nil : peer
      }
      peer.write("register:localhost:60001".utf8)
      #expect(try seed.event("peer.registered")["peer"] as? String == "localhost:60001")
      #expect(seed.isRunning)
    }
  }
}

enum Descriptors {
  /// Raises the soft limit to the hard one and returns it.
  static func raise() -> Int {
    var limit = rlimit()
    unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = limit.rlim_max
    unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return Int(min(limit.rlim_cur, 1 << 20))
  }
}
