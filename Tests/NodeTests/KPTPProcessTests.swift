import Foundation
import Testing

extension NodeTests {
  /// A real kPTP process, and a test that plays the original in its bytes.
  @Suite struct KPTPProcess {
    private func makePeer(_ options: [String: String] = [:]) throws -> (NodeProcess, UInt16) {
      let quick = [
        "heartbeat-interval": "200ms", "heartbeat-timeout": "5s", "welcome-delay": "300ms",
        "hello-interval": "50ms", "name": "server",
      ].merging(options) { $1 }
      let peer = try NodeProcess("kptp-peer", quick.map { "--\($0)=\($1)" })
      return (peer, try peer.port())
    }

    /// A message named `test` that lists peers of 127.0.0.1.
    private func message(_ type: UInt32, listing ports: UInt16...) -> [UInt8] {
      let header = 18 << 27 | type << 19 | UInt32(ports.count) << 14 | 4
      return stride(from: 24, through: 0, by: -8).map { UInt8(header >> UInt32($0) & 0xff) }
        + "test".utf8
        + ports.flatMap { [127, 0, 0, 1, UInt8($0 >> 8), UInt8($0 & 0xff)] }
    }

    /// Reads a message of the peer's: its type, and the ports that it lists.
    private func next(_ connection: Connection) throws -> (type: UInt32, ports: [UInt16]) {
      let header = try connection.read(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      #expect(header >> 27 == 18)
      _ = try connection.read(Int(header & 0x3fff))
      let ports = try (0..<(header >> 14 & 31)).map { _ in
        let peer = try connection.read(6)
        return UInt16(peer[4]) << 8 | UInt16(peer[5])
      }
      return (header >> 19 & 0xff, ports)
    }

    @Test("a client that says nothing is welcomed, and recorded where it then listens")
    func server() throws {
      let (peer, port) = try makePeer()
      // It goes on to listen on the port that it came from, as the original does.
      let listener = try Listener(sharingPort: true)
      let client = try Connection(port: port, from: listener.port)
      #expect(try client.readToEnd() == [0x90, 0x10, 0, 6] + Array("server".utf8))
      let heartbeat = try listener.accept()
      #expect(try next(heartbeat) == (6, []))
      heartbeat.write(message(8), cutAt: [1, 5])
      let added = try peer.event("entry.added")
      #expect(added["peer"] as? String == "127.0.0.1:\(listener.port)")
      let second = try Connection(port: port)
      second.write(message(7))
      #expect(try next(second) == (1, [listener.port]))
      #expect(try next(second) == (2, [listener.port]))
    }

    @Test("a peer joins by an original, says hello to whom it lists, and answers its heartbeats")
    func client() throws {
      let server = try Listener()
      let other = try Listener()
      let (peer, port) = try makePeer([
        "bootstrap": "127.0.0.1:\(server.port)", "bucket-size": "8", "heartbeat-interval": "1h",
      ])
      let join = try server.accept()
      #expect(join.remotePort == port, "it comes from the port that it listens on")
      #expect(try next(join) == (7, []))
      join.write(message(2, listing: other.port))
      let greeting = try other.accept()
      #expect(greeting.remotePort == port)
      #expect(try next(greeting).type == 4)
      greeting.write(message(8))
      _ = try peer.event("entry.added") { $0["peer"] as? String == "127.0.0.1:\(other.port)" }
      let heartbeat = try Connection(port: port)
      heartbeat.write(message(6, listing: 9, 10) + message(6), cutAt: [3, 9])
      let answer = try next(heartbeat)
      #expect(answer.type == 8)
      #expect(Set(answer.ports) == [server.port, other.port])
      #expect(try next(heartbeat).type == 8)
    }

    @Test("a peer that ends is dropped by another process after three misses")
    func death() throws {
      let (first, port) = try makePeer()
      let (second, secondPort) = try makePeer(["bootstrap": "127.0.0.1:\(port)"])
      _ = try first.event("entry.added") { $0["peer"] as? String == "127.0.0.1:\(secondPort)" }
      second.signal(SIGKILL)
      _ = try first.event("entry.removed") { $0["peer"] as? String == "127.0.0.1:\(secondPort)" }
      let misses = first.lines().filter { $0["kind"] as? String == "heartbeat.missed" }
      #expect(misses.compactMap { $0["misses"] as? Int } == [1, 2, 3])
    }

    @Test("garbage is logged, dropped and survived")
    func garbage() throws {
      let (peer, port) = try makePeer()
      for stream in [
        Array("GET / HTTP/1.1\r\n\r\n".utf8), [UInt8](repeating: 0xff, count: 1 << 20),
      ] {
        let stranger = try Connection(port: port)
        stranger.write(stream)
        _ = try stranger.readToEnd()
      }
      _ = try peer.event("message.rejected") { $0["reason"] as? String == "not a message" }
      let client = try Connection(port: port)
      client.write(message(7))
      #expect(try next(client).type == 1)
    }
  }
}
