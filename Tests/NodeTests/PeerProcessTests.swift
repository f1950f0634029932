import Foundation
import Testing

extension NodeTests {
  /// A real peer process between a seed and peers that the test plays.
  @Suite struct PeerProcess {
    let seeds = try? Listener()

    /// A peer that knows one seed, with quick timings.
    private func makePeer(_ options: [String: String] = [:]) throws -> (NodeProcess, Connection) {
      let listener = try #require(seeds)
      let quick = [
        "join-delay": "10ms", "settle": "50ms", "gossip-delay": "10ms",
        "liveness-interval": "200ms", "relink-interval": "100ms", "gossip-count": "0",
      ].merging(options) { $1 }
      let peer = try NodeProcess(
        "gossip-peer", quick.map { "--\($0)=\($1)" },
        seedList: "127.0.0.1:\(listener.port)\n")
      return (peer, try listener.accept())
    }

    /// Plays the seed up to the list, each answer cut in two.
    private func introduce(_ peer: NodeProcess, _ seed: Connection, list: [UInt16]) throws {
      let own = try peer.port()
      let listener = try #require(seeds)
      let welcome = "welcome connected to seed with address 127.0.0.1:\(listener.port)"
      seed.write(Array(welcome.utf8), cutAt: [20])
      try seed.read("register:127.0.0.1:\(own)")
      seed.write(Array("registered successfully".utf8), cutAt: [7])
      try answerList(seed, [own] + list)
    }

    private func answerList(_ seed: Connection, _ ports: [UInt16]) throws {
      try seed.read("peer list")
      let answer = "peer list:" + ports.map { ":127.0.0.1,\($0)" }.joined()
      seed.write(Array(answer.utf8), cutAt: [4, answer.utf8.count - 2])
    }

    private func padded(_ text: String, _ length: Int = 1024) -> [UInt8] {
      Array(text.utf8) + [UInt8](repeating: 0x20, count: length - text.utf8.count)
    }

    private func handshake(_ port: UInt16) -> [UInt8] {
      padded("connected to peer:127.0.0.1:\(port)", 1018 + 9 + String(port).utf8.count)
    }

    @Test("a peer dials whom the seed lists, introduces itself, gossips and probes")
    func dials() throws {
      let other = try Listener()
      let (peer, seed) = try makePeer([
        "texts": "original", "gossip-interval": "100ms", "gossip-count": "10",
      ])
      try introduce(peer, seed, list: [other.port])
      let own = try peer.port()
      let link = try other.accept()
      link.write(handshake(other.port), cutAt: [3, 40])
      try link.read(handshake(own))
      var seen: Set<String> = []
      while seen.count < 3 {
        let frame = try link.read(1024)
        let text = String(decoding: frame, as: UTF8.self)
        if text.hasPrefix("gossip message:") {
          #expect(text.contains(":127.0.0.1:\(own):message "))
          link.write(padded("forwarding"))
          seen.insert("gossip")
          seen.insert(text.contains(":message 2 ") ? "second" : "gossip")
        } else {
          let asked = text.prefix { $0 != " " || text.hasPrefix("Liveness Request") }
          #expect(asked.hasPrefix("Liveness Request:"))
          #expect(text.trimmingCharacters(in: .whitespaces).hasSuffix(":127.0.0.1:\(own)"))
          seen.insert("probe")
        }
      }
    }

    @Test("messages that arrive coalesced or cut anywhere are all answered")
    func answers() throws {
      let (peer, seed) = try makePeer(["liveness-interval": "1h"])
      try introduce(peer, seed, list: [])
      let own = try peer.port()
      let stream =
        handshake(6_001) + padded("gossip message:1795148528.851706:localhost:6002:message 1")
        + padded("Liveness Request:1795148541.851722:localhost:6001")
        + padded("gossip message:1795148528.85723:localhost:6003:message 1")
        + padded("Liveness Request:1795148554.5:localhost:6001")
      for cut in [1, 17, 1_027, 1_028, 1_029, 1_500, 2_051, 2_052, 3_000, stream.count - 1] {
        let link = try Connection(port: own)
        link.write(stream, cutAt: [cut])
        try link.read(handshake(own))
        try link.read(padded("forwarding"))
        try link.read(
          padded("Liveness Reply:1795148541.851722:localhost:6001:127.0.0.1:\(own)"))
        try link.read(padded("forwarding"))
        try link.read(padded("Liveness Reply:1795148554.5:localhost:6001:127.0.0.1:\(own)"))
      }
      let texts = peer.lines().filter { $0["kind"] as? String == "gossip.received" }
      #expect(texts.count == 2, "the same words of two origins are two texts, each taken once")
    }

    @Test("a text is forwarded as it came, on every link but the one it came from")
    func forwards() throws {
      let (peer, seed) = try makePeer(["liveness-interval": "1h"])
      try introduce(peer, seed, list: [])
      let own = try peer.port()
      let links = try (1...3).map { number in
        let link = try Connection(port: own)
        link.write(handshake(UInt16(6_000 + number)))
        try link.read(handshake(own))
        return link
      }
      let text = padded("gossip message:1795148528.851706:localhost:6009:two  spaces : and colons")
      links[0].write(text)
      try links[0].read(padded("forwarding"))
      try links[1].read(text)
      try links[2].read(text)
    }

    @Test("who dials a full peer is told BUSY in the original's words", arguments: [2, 4])
    func busy(limit: Int) throws {
      let (peer, seed) = try makePeer(["max-links": "\(limit)"])
      try introduce(peer, seed, list: [])
      let own = try peer.port()
      let links = try (1...limit).map { number in
        let link = try Connection(port: own)
        link.write(handshake(UInt16(6_000 + number)))
        try link.read(handshake(own))
        return link
      }
      let another = try Connection(port: own)
      another.write(handshake(6_005))
      #expect(try another.readToEnd() == padded("PEER BUSY,already,connected to 4 peers"))
      #expect(links.count == limit)
    }

    @Test("a link whose reader has ended is given up, its peer found alive and linked anew")
    func deadReader() throws {
      let (peer, seed) = try makePeer(["answer-timeout": "300ms", "gossip-count": "1"])
      let other = try Listener()
      try introduce(peer, seed, list: [other.port])
      let own = try peer.port()
      let link = try other.accept()
      try link.read(handshake(own))
      link.write(handshake(other.port))
      /// Somebody dials; the seed answers meanwhile.
      func accept() throws -> Connection {
        try Deadline.poll("somebody to connect") {
          if seed.hasSomething { try answerList(seed, [own, other.port]) }
          return other.hasSomebody ? try other.accept() : nil
        }
      }
      // From here on nobody reads the link; its other threads go on, and visits are answered.
      for _ in 0..<2 {
        let visit = try accept()
        link.write(padded("Liveness Request:1.5:127.0.0.1:\(other.port)"))
        visit.write(handshake(other.port))
        #expect(try visit.readToEnd() == padded("PEER BUSY,already,connected to 4 peers"))
      }
      let again = try accept()
      try again.read(handshake(own))
      #expect(try peer.event("link.closed")["reason"] as? String == "mute")
      let heard = String(decoding: try link.readToEnd(), as: UTF8.self)
      #expect(
        heard.ranges(of: "gossip message:").count == 4, "sent once, and again three times")
      #expect(!peer.lines().contains { $0["kind"] as? String == "dead.reported" })
    }

    @Test("a neighbour that goes away is reported to the seed in the original's bytes")
    func reportsTheDead() throws {
      var other: Listener? = try Listener()
      let (peer, seed) = try makePeer()
      let port = try #require(other?.port)
      try introduce(peer, seed, list: [port])
      let own = try peer.port()
      var link = try other?.accept()
      link?.write(handshake(port))
      _ = try peer.event("link.opened")
      other = nil
      link = nil
      let report = try nextReport(seed, own)
      #expect(report.count == 1024)
      let fields = String(decoding: report, as: UTF8.self).trimmingCharacters(in: .whitespaces)
        .split(separator: ":")
      #expect(fields[0..<3] == ["Dead Node", "127.0.0.1", "\(port)"])
      #expect(Double(fields[3]) ?? 0 > 1.7e9)
      #expect(fields[4...] == ["127.0.0.1", "\(own)"])
    }

    @Test("a neighbour that falls silent is probed, dialled once more, and reported")
    func reportsTheFrozen() throws {
      let other = try Listener()
      let (peer, seed) = try makePeer(["answer-timeout": "2s"])
      try introduce(peer, seed, list: [other.port])
      let own = try peer.port()
      let link = try other.accept()
      link.write(handshake(other.port))
      let report = String(decoding: try nextReport(seed, own), as: UTF8.self)
      #expect(report.hasPrefix("Dead Node:127.0.0.1:\(other.port):"))
      let misses = peer.lines().filter { $0["kind"] as? String == "liveness.missed" }
      // One more is counted where the answer to its handshake was late on a busy machine.
      #expect(misses.compactMap { $0["misses"] as? Int }.suffix(3) == [1, 2, 3])
      #expect(peer.lines().contains { $0["kind"] as? String == "peer.suspected" })
    }

    /// Answers requests for the list until a report comes.
    private func nextReport(_ seed: Connection, _ own: UInt16) throws -> [UInt8] {
      while true {
        let start = try seed.read(9)
        guard start == Array("peer list".utf8) else {
          return start + (try seed.read(1024 - 9))
        }
        seed.write("peer list::127.0.0.1,\(own)".utf8)
      }
    }

    @Test("a neighbour that sends garbage is logged and closed")
    func garbage() throws {
      let (peer, seed) = try makePeer()
      try introduce(peer, seed, list: [])
      let link = try Connection(port: try peer.port())
      link.write(handshake(6_001) + [UInt8](repeating: 0xfe, count: 1 << 20))
      _ = try link.readToEnd()
      #expect(try peer.event("link.closed")["reason"] as? String == "garbled")
      #expect(peer.isRunning)
    }
  }
}
