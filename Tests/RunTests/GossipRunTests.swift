import Foundation
import Glibc
import History
import SeedbedTesting
import Testing

extension RunTests {
  @Suite("A gossip network")
  struct GossipRunTests {
    private let topology = """
      network: gossip
      groups:
        seed: { count: 2 }
        peer:
          count: 6
          after: seed
          options: { join-delay: 50ms, liveness-interval: 100ms, answer-timeout: 500ms }
      faults:
        - { at: 300ms, kill: peer-1 }
        - { at: 400ms, pause: peer-2, for: 300ms }
        - { at: 500ms, restart: peer-3 }
        - { at: 500ms, stop: peer-4 }
        - { at: 900ms, restart: peer-1 }
      """

    @Test("A run does what its topology says, records it, and leaves no process")
    func wholeRun() async throws {
      let workspace = try Workspace()
      // Six of the eight nodes live for long enough that it is seen what they use.
      let said = try await workspace.run(
        topology,
        until: """
          SELECT count(confirmed_t) = 5 AND count(healed_t) = 3
            AND (SELECT count(DISTINCT node) FROM node_usage WHERE memory > 0) >= 6 FROM faults
          """)
      #expect(said.contains("8 nodes, seed 7\n"))
      #expect(said.contains("restart peer-1: back\n"))

      #expect(try workspace.integer("SELECT count(*) FROM runs WHERE outcome = 'completed'") == 1)
      #expect(try workspace.integer("SELECT count(*) FROM nodes WHERE unexpected") == 0)
      #expect(try workspace.integer("SELECT count(*) FROM faults WHERE confirmed_t > 0") == 5)
      #expect(try workspace.integer("SELECT count(*) FROM faults WHERE healed_t > 0") == 3)
      #expect(try workspace.integer("SELECT count(*) FROM rejected_lines") == 0)
      // A restarted node keeps its address.
      #expect(
        try workspace.integer(
          """
          SELECT count(DISTINCT data ->> 'address') FROM events
          WHERE node = 'peer-3' AND kind = 'node.ready'
          """) == 1)
      #expect(
        try workspace.integer(
          "SELECT count(*) FROM events WHERE node = 'peer-3' AND kind = 'node.ready'") == 2)
    }

    @Test("Late joiners join a run that has begun, and churn takes nodes down and brings them back")
    func churnAndLateJoiners() async throws {
      let workspace = try Workspace()
      let said = try await workspace.run(
        """
        network: gossip
        groups:
          seed: { count: 1 }
          peer: { count: 4, after: seed }
          late: { role: peer, count: 2, joins: 200ms, every: 100ms }
        faults:
          - { at: 100ms, churn: { group: peer, every: 100ms, down-for: 300ms }, for: 500ms }
        """,
        until: """
          SELECT (SELECT count(ready_t) FROM nodes) = 7
            AND count(healed_t) = (SELECT count(*) FROM faults WHERE action = 'kill')
          FROM faults WHERE action = 'restart'
          """)
      #expect(said.contains("launching 5 nodes\n"))
      #expect(
        try workspace.integer(
          """
          SELECT count(*) FROM nodes JOIN runs USING (run)
          WHERE node_group = 'late' AND spawned_t > began_t AND ready_t < stopping_t
          """) == 2)
      let kills = try workspace.integer(
        "SELECT count(*) FROM faults WHERE action = 'kill' AND confirmed_t > 0")
      #expect(try #require(kills) > 0)
      #expect(
        try workspace.integer(
          "SELECT count(*) FROM faults WHERE action = 'restart' AND applied_t > 0") == kills)
    }

    @Test("Ctrl-C stops the nodes in order, and the run is recorded as interrupted")
    func interruption() async throws {
      let workspace = try Workspace()
      let run = try workspace.start(["spawn", "gossip", "--seeds", "2", "--peers", "4"])
      try await eventually("the run begins") { run.output.contains("all nodes are ready") }
      run.signal(SIGINT)
      await run.end()
      #expect(run.status == 2, "\(run.output)\(run.errors)")
      #expect(workspace.processes.isEmpty)
      #expect(try workspace.integer("SELECT count(*) FROM runs WHERE outcome = 'interrupted'") == 1)
      #expect(
        try workspace.integer("SELECT count(*) FROM events WHERE kind = 'node.stopped'") == 6)
    }

    @Test("A signal to the supervisor's process group, as by Ctrl-C, reaches no node")
    func signalToGroup() async throws {
      let workspace = try Workspace()
      // The supervisor leaves this one ignored, as under nohup, so that it can be sent during the
      // whole launch.
      let run = try workspace.start(
        after: "trap '' HUP",
        ["spawn", "gossip", "--seeds", "1", "--peers", "50", "--for", "1ms", "--no-checks"])
      try await eventually("nodes are being started") { run.output.contains("launching") }
      // A node is born into the group, and leaves it before it runs.
      while run.isRunning, !run.output.contains("all nodes are ready") {
        for _ in 0..<100 { kill(-run.pid, SIGHUP) }
      }
      await run.end()
      #expect(run.status == 0, "\(run.output)\(run.errors)")
      #expect(try workspace.integer("SELECT count(*) FROM nodes WHERE unexpected") == 0)
    }

    @Test("Two runs at once share one history")
    func twoAtOnce() async throws {
      let workspace = try Workspace()
      let arguments = [
        "spawn", "gossip", "--seeds", "1", "--peers", "3", "--for", "500ms", "--no-checks",
      ]
      let runs = try (0..<2).map { _ in try workspace.start(arguments) }
      for run in runs {
        await run.end()
        #expect(run.status == 0, "\(run.output)\(run.errors)")
      }
      #expect(try workspace.integer("SELECT count(*) FROM runs WHERE outcome = 'completed'") == 2)
      #expect(try workspace.integer("SELECT count(*) FROM rejected_lines") == 0)
    }

    @Test("Seeds start at the addresses of a config file; one in use is reported, with code 64")
    func fixedAddresses() async throws {
      let workspace = try Workspace()
      let ports = try (0..<2).map { _ in try UsedPort() }
      ports[1].release()
      let config = try workspace.write(
        ports.map { "127.0.0.1:\($0.number)\n" }.joined(), to: "config.txt")
      let file = try workspace.write("\(topology)\nstop: { at: 1s }\n", to: "t.yaml")
      let refused = try await workspace.run(["run", file, "--config", config, "--no-checks"])
      #expect(refused.status == 64, "\(refused.output)\(refused.errors)")
      #expect(refused.errors.contains("127.0.0.1:\(ports[0].number)"), "\(refused.errors)")
      #expect(refused.errors.contains("in use"), "\(refused.errors)")
      #expect(workspace.processes.isEmpty)

      ports[0].release()
      let run = try await workspace.run(["run", file, "--config", config, "--no-checks"])
      #expect(run.status == 0, "\(run.output)\(run.errors)")
      let name = try Database(opening: workspace.history, mode: .readOnly)
        .text("SELECT name FROM runs WHERE outcome = 'completed'")
      let used = "\(workspace.logs)/\(name ?? "none")/config.txt"
      #expect(
        FileManager.default.contents(atPath: used)
          == FileManager.default.contents(atPath: config))
    }
  }
}

/// A TCP port on loopback that is in use until it is released.
final class UsedPort {
  let number: UInt16
  private var descriptor: CInt

  init() throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    let isListening = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe bind(descriptor, address, length) == 0 && listen(descriptor, 1) == 0
          && getsockname(descriptor, address, &length) == 0
      }
    }
    try #require(isListening)
    number = UInt16(bigEndian: address.sin_port)
  }

  func release() {
    close(descriptor)
    descriptor = -1
  }

  deinit { release() }
}
