import Foundation
import SeedbedTesting
import Testing

extension RunTests {
  @Suite("A HyperDHT network")
  struct HyperDHTRunTests {
    private static let topologies = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: "topologies").path

    /// The checks that neither passed nor could not tell, on a machine that others keep busy.
    private func objections(_ run: Invocation) -> [String] {
      run.output.split(separator: "\n").compactMap { line in
        let words = line.split(separator: " ")
        return ["✗", "!"].contains(words.first ?? "") ? "\(words[1]): \(words[2])" : nil
      }
    }

    @Test("Real nodes find each other by key, and no more once they are killed or have left")
    func liveRun() async throws {
      let workspace = try Workspace()
      let run = try await workspace.run(["run", "\(Self.topologies)/hyperdht.yaml", "--seed", "7"])
      #expect(objections(run) == [], "\(run.output)\(run.errors)")
      #expect([0, 2].contains(run.status))
      #expect(workspace.processes.isEmpty)
      #expect(try workspace.integer("SELECT count(*) FROM rejected_lines") == 0)
      #expect(
        try workspace.integer("SELECT count(*) FROM events WHERE kind = 'hyperdht.rejected'") == 0)
      let found = try workspace.integer("SELECT count(*) FROM events WHERE kind = 'peer.found'")
      #expect(found ?? 0 > 100)
    }

    @Test("A fifth of the nodes die, and lookups do not wait for them")
    func massacre() async throws {
      let workspace = try Workspace()
      let run = try await workspace.run([
        "simulate", "\(Self.topologies)/hyperdht-massacre.yaml", "--seed", "3", "--no-history",
      ])
      #expect(run.status == 0, "\(run.output)\(run.errors)")
    }

    @Test("Nodes with one seed give one asker different tokens")
    func secrets() throws {
      let workspace = try Workspace()
      // Tokens are bound to their owner's port: it is the same.
      let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
      defer { close(descriptor) }
      var tokens: Set<[UInt8]> = []
      for _ in 0..<3 { tokens.insert(try token(workspace, asking: descriptor)) }
      #expect(tokens.count == 3)
    }

    /// The token that a node with seed 7 gives.
    private func token(_ workspace: Workspace, asking descriptor: Int32) throws -> [UInt8] {
      let log = "\(workspace.folder)/\(UUID()).ndjson"
      let node = Process()
      node.executableURL = URL(filePath: workspace.executable + "-node")
      node.arguments = ["hyperdht-bootstrap", "--seed", "7", "--log", log]
      try node.run()
      defer { node.terminate() }
      let port = try Self.await("the node to be ready") {
        let text = try? String(contentsOfFile: log, encoding: .utf8)
        return (text?.firstMatch(of: /"address":"127.0.0.1:(\d+)"/)?.1).flatMap { UInt16($0) }
      }
      // `peers` with a target and a value of type 0: field 1, 3 and 7.
      let request =
        [0x80, 1, 10, 5] + Array("peers".utf8) + [26, 32] + Array(repeating: 7, count: 32)
        + [58, 2, 8, 0]
      let response = try Self.ask(request, port: port, over: descriptor)
      let start = try #require(response.lastIndex(of: 34), "a token is field 4")
      return Array(response[start...])
    }

    private static func await<Value>(_ what: String, _ look: () -> Value?) throws -> Value {
      let deadline = ContinuousClock.now + .seconds(30)
      while ContinuousClock.now < deadline {
        if let value = look() { return value }
        usleep(5_000)
      }
      throw Missing(what: what)
    }

    private struct Missing: Error {
      let what: String
    }

    /// Sends a datagram to a port of this host, and waits for what comes.
    private static func ask(
      _ bytes: [UInt8], port: UInt16, over descriptor: Int32
    ) throws -> [UInt8] {
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      let isConnected = unsafe withUnsafePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      #expect(isConnected == 0)
      var limit = timeval(tv_sec: 30, tv_usec: 0)
      unsafe setsockopt(
        descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
      _ = unsafe send(descriptor, bytes, bytes.count, 0)
      var answer = [UInt8](repeating: 0, count: 2_048)
      let count = unsafe recv(descriptor, &answer, answer.count, 0)
      return Array(answer.prefix(max(0, count)))
    }
  }
}
