import Foundation
import Glibc
import SeedbedTesting
import Testing

/// Endless loops on one processor, which is kept busy from outside of what runs there: between
/// ``begin()`` and ``end()`` alone, so that what they hold up is not all of a test.
private final class Spinners {
  private let shell = Process()
  private let input = Pipe()

  init(_ count: Int, on processor: String, niceness: Int = 0) throws {
    shell.executableURL = URL(filePath: "/bin/bash")
    // Loops stop themselves before they begin, and may be told to go on before they have. Each has a
    // session: the kernel may share a processor among sessions first (`sched_autogroup`). `read` ends
    // with this process, whatever becomes of it, and the loops with the shell.
    shell.arguments = [
      "-c",
      """
      for ((i = 0; i < $1; i++)); do
        taskset -c $2 setsid nice -n $3 bash -c 'kill -STOP $$; while :; do :; done' &
      done
      trap 'kill -KILL $(jobs -p)' EXIT
      read || exit
      while kill -CONT $(jobs -p); do read -t 0.1; (( $? > 128 )) || break; done
      """, "spinners", "\(count)", processor, "\(niceness)",
    ]
    shell.standardInput = input
    shell.standardError = FileHandle.nullDevice
    try shell.run()
  }

  func begin() throws { try input.fileHandleForWriting.write(contentsOf: Data("\n".utf8)) }

  /// Once or more.
  func end() {
    try? input.fileHandleForWriting.close()
    shell.waitUntilExit()
  }
}

extension RunTests {
  /// All that takes part is bound to one processor, however many there are.
  @Suite(
    "A run on a machine that is kept busy",
    .enabled(
      if: FileManager.default.fileExists(atPath: "/proc/pressure/cpu")
        && FileManager.default.isExecutableFile(atPath: "/usr/bin/taskset"),
      "this machine has no /proc/pressure/cpu, or no taskset"))
  struct BusyHostTests {
    private var processor: String {
      get throws {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }
        return String(try #require(line).drop { !$0.isNumber }.prefix { $0.isNumber })
      }
    }

    /// Lines of one kind in the logs of the run's nodes, or of its supervisor.
    private func count(_ kind: String, by name: String, in workspace: Workspace) throws -> Int {
      let folder = try #require(workspace.runs.last)
      return try FileManager.default.contentsOfDirectory(atPath: folder)
        .filter { $0.hasPrefix(name) && $0.hasSuffix(".ndjson") }
        .reduce(0) {
          try $0
            + String(contentsOfFile: "\(folder)/\($1)", encoding: .utf8)
            .split(separator: "\n").count { $0.contains("\"\(kind)\"") }
        }
    }

    /// A run beside loops, which begin after it and end before it, and last for two samples and until
    /// what is awaited has been logged.
    private func run(
      beside spinners: Spinners, until isSeen: (Workspace) throws -> Bool
    ) async throws -> Workspace {
      defer { spinners.end() }
      let workspace = try Workspace()
      let file = try workspace.write(
        """
        network: gossip
        groups:
          seed: { count: 2 }
          peer: { count: 8, after: seed, options: { liveness-interval: 1s } }
        stop: { at: 1h }
        checks: []
        """, to: "t.yaml")
      let run = try Invocation(
        "/usr/bin/taskset",
        [
          "-c", processor, workspace.executable, "run", file, "--wait", "run.began", "--timeout",
          "2m", "--logs", workspace.logs,
        ], folder: workspace.folder)
      await run.end()
      try #require(run.status == 0, "\(run.output)\(run.errors)")
      try spinners.begin()
      try await eventually("they wait for a processor") { try isSeen(workspace) }
      let samples = try count("usage.sampled", by: "supervisor", in: workspace)
      try await eventually("the supervisor samples that") {
        try count("usage.sampled", by: "supervisor", in: workspace) >= samples + 2
      }
      spinners.end()
      _ = try await workspace.stop()
      return workspace
    }

    /// Stretches that nobody but the host speaks for.
    private static let uncorroborated = """
      SELECT count(*) FROM overloads WHERE max(supervisor_late, coalesce(nodes_late, 0)) < 100000
      """

    @Test("Nodes that wait for a processor say so, and the time that they lose counts")
    func starved() async throws {
      // The kernel gives each a few milliseconds, in turns.
      let busy = try await run(beside: Spinners(150, on: processor)) {
        try count("node.late", by: "peer", in: $0) > 0
      }
      #expect(
        try busy.integer("SELECT max(data ->> 'late') FROM events WHERE kind = 'node.late'") ?? 0
          >= 100_000)
      #expect(try busy.integer("SELECT sum(nodes_late IS NOT NULL) FROM overloads") ?? 0 > 0)
      #expect(
        try busy.integer("SELECT count(*) FROM usage WHERE runnable > 100 AND late >= 100000") ?? 0
          > 0)
      #expect(try busy.integer("SELECT max(pressure) FROM usage") ?? 0 > 500)
      #expect(try busy.integer(Self.uncorroborated) == 0)
    }

    @Test("A processor that is fought for by others counts only where it comes too late")
    func contested() async throws {
      // Two loops at the lowest priority wait for one another all the time, and nobody for them.
      let calm = try await run(beside: Spinners(2, on: processor, niceness: 19)) { _ in true }
      #expect(try calm.integer("SELECT max(pressure) FROM usage") ?? 0 > 500)
      #expect(try calm.integer("SELECT count(*) FROM usage WHERE late IS NOT NULL") ?? 0 > 0)
      #expect(try calm.integer(Self.uncorroborated) == 0)
    }

    @Test("A node that is paused says nothing of it")
    func paused() async throws {
      let workspace = try Workspace()
      let file = try workspace.write(
        """
        network: gossip
        groups: { seed: { count: 1 }, peer: { count: 2, after: seed } }
        faults: [{ at: 500ms, pause: peer-2, for: 2s }]
        stop: { at: 4s }
        checks: []
        """, to: "pause.yaml")
      let run = try await workspace.run(["run", file])
      #expect(run.status == 0, "\(run.output)\(run.errors)")
      // It may have waited for a processor besides, but not for as long as it was paused.
      let frozen = """
        SELECT count(*) FROM deaths d JOIN events e ON e.node = d.node AND e.kind = 'node.late'
        WHERE d.cause = 'frozen' AND e.data ->> 'late' >= d.back_t - d.gone_t
        """
      #expect(try workspace.integer("SELECT count(*) FROM deaths WHERE back_t > gone_t") == 1)
      #expect(try workspace.integer(frozen) == 0)
    }

    @Test("How late lines were seen is measured, though the supervisor was stopped meanwhile")
    func stoppedSupervisor() async throws {
      let workspace = try Workspace()
      _ = try workspace.write(
        "echo up; while :; do echo \"said $EPOCHREALTIME\"; sleep 0.02; done\n", to: "talk.sh")
      let file = try workspace.write(
        """
        network: theirs
        groups:
          talker:
            count: 2
            command: [/bin/bash, talk.sh]
            files: [talk.sh]
            ready: { log: ^up }
            events: [{ match: '^said (?<at>\\S+)', kind: word.said }]
        stop: { at: 5m }
        checks: []
        """, to: "talk.yaml")
      let run = try workspace.start(["run", file])
      let output = {
        FileManager.default.contents(atPath: "\(workspace.runs[0])/talker-1.out")?.count
      }
      try await eventually("they talk") { !workspace.runs.isEmpty && output() ?? 0 > 500 }
      run.signal(SIGSTOP)
      let size = output() ?? 0
      try await eventually("they talk on") { output() ?? 0 > size + 500 }
      run.signal(SIGCONT)
      _ = try await workspace.run(["stop", "last"])
      await run.end()
      #expect(run.status == 0, "\(run.output)\(run.errors)")
      // A clock in the shell that is read before a line is written: never later than the line's time.
      let beyond = try workspace.integer(
        """
        SELECT count(*) FROM events e JOIN clock_skews
        WHERE kind = 'word.said'
          AND e.t - CAST(replace(data ->> 'at', '.', '') AS INTEGER) > most
        """)
      let latest = try workspace.integer(
        """
        SELECT max(t - CAST(replace(data ->> 'at', '.', '') AS INTEGER)) FROM events
        WHERE kind = 'word.said'
        """)
      let granted = try #require(try workspace.integer("SELECT most FROM clock_skews"))
      #expect(
        try workspace.integer("SELECT count(*) FROM events WHERE kind = 'word.said'") ?? 0 > 50)
      #expect(beyond == 0, "\(latest ?? 0) of \(granted)")
      // It was stopped for longer than two dozen of their words took.
      #expect(granted > 400_000 && granted >= latest ?? 0)
    }
  }
}
