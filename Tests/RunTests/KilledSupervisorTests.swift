import Foundation
import Glibc
import History
import SeedbedTesting
import Testing

extension RunTests {
  @Suite("A supervisor that is killed")
  struct KilledSupervisorTests {
    private let topology = """
      network: gossip
      groups:
        seed: { count: 1 }
        peer: { count: 4, after: seed, every: 20ms, options: { join-delay: 20ms } }
      faults:
        - { at: 100ms, pause: peer-1 }
        - { at: 200ms, kill: peer-2 }
        - { at: 400ms, restart: peer-2 }
      stop: { at: 1200ms }
      """

    @Test("No node outlives it, and every complete line of the logs can still be collected, once")
    func killedAtRandomMoments() async throws {
      let workspace = try Workspace()
      let file = try workspace.write(topology, to: "t.yaml")
      let runs = try (0..<20).map { _ in
        try workspace.start(["run", file, "--no-checks"])
      }
      for run in runs.shuffled() {
        usleep(.random(in: 0...100_000))
        run.signal(SIGKILL)
      }
      for run in runs { await run.end() }
      try await eventually("every node is gone") { workspace.processes.isEmpty }

      let again = "\(workspace.folder)/again.sqlite"
      var lines = 0
      // A supervisor killed before it wrote the plan leaves a folder without a run.
      for folder in workspace.runs where exists("\(folder)/plan.json") {
        for history in [workspace.history, again, again] {
          var collector = try Collector(folder: RunFolder(folder), history: history)
          _ = try collector.finish()
        }
        lines += try completeLines(in: folder)
      }
      #expect(lines > 0)
      for history in [workspace.history, again] {
        let database = try Database(opening: history, mode: .readOnly)
        #expect(try database.integer("SELECT count(*) FROM events") == Int64(lines))
        #expect(try database.integer("SELECT count(*) FROM rejected_lines") == 0)
      }
    }

    @Test("The next command ends what got away, records the rest, and says so, once")
    func nextCommand() async throws {
      let workspace = try Workspace()
      let file = try workspace.write(
        """
        network: runaway
        isolation: relay
        groups:
          peer:
            count: 2
            # By its line it has a session of its own.
            command: [bash, -c, 'setsid bash -c "echo child \\$\\$; exec sleep 600" & sleep 600']
            ready: { log: child }
            events: [{ match: '^child (?<pid>.*)$', kind: child.started, numbers: [pid] }]
        stop: { at: 60s }
        """, to: "t.yaml")
      let run = try workspace.start(["run", file, "--no-checks"])
      try await eventually("the run begins") { run.output.contains("all nodes are ready") }
      run.signal(SIGKILL)
      await run.end()
      // To the guard the children are gone: they lead sessions of their own.
      try await eventually("every node is gone") { workspace.processes.isEmpty }

      let next = try await workspace.run(["ps"])
      let words = "was killed: 2 processes that it had left behind were killed; "
      #expect(next.errors.contains(words), "\(next.errors)")
      let children = "SELECT data ->> 'pid' FROM events WHERE kind = 'child.started'"
      for offset in 0..<2 {
        let child = try #require(
          try workspace.integer("\(children) ORDER BY node LIMIT 1 OFFSET \(offset)"))
        try await eventually("it is gone") { kill(pid_t(child), 0) != 0 }
      }
      #expect(try workspace.integer("SELECT count(*) FROM events WHERE kind = 'run.began'") == 1)
      for command in ["ps", "runs"] {
        #expect(try await workspace.run([command]).errors == "")
      }
    }

    private func exists(_ path: String) -> Bool {
      FileManager.default.contents(atPath: path).map { !$0.isEmpty } ?? false
    }

    private func completeLines(in folder: String) throws -> Int {
      try FileManager.default.contentsOfDirectory(atPath: folder)
        .filter { $0.hasSuffix(".ndjson") }
        .compactMap { FileManager.default.contents(atPath: "\(folder)/\($0)") }
        .reduce(0) { $0 + $1.count { $0 == UInt8(ascii: "\n") } }
    }
  }
}
