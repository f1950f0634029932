import Foundation
import Glibc
import History
import SeedbedTesting
import Testing

/// Endless loops on one processor, which is kept busy from outside of what runs there.
private final class Spinners {
  private let shell: Process

  init(_ count: Int, on processor: String, niceness: Int = 0) throws {
    shell = Process()
    shell.executableURL = URL(filePath: "/bin/bash")
    // `read` ends with this process, whatever becomes of it, and the loops with the shell. Each has
    // a session: the kernel may share a processor among sessions first (`sched_autogroup`).
    shell.arguments = [
      "-c",
      "for ((i = 0; i < $1; i++)); do "
        + "taskset -c $2 setsid nice -n $3 bash -c 'while :; do :; done' & done; "
        + "trap 'kill -9 $(jobs -p)' EXIT; read",
      "spinners", "\(count)", processor, "\(niceness)",
    ]
    shell.standardInput = Pipe()
    shell.standardError = FileHandle.nullDevice
    try shell.run()
  }

  func end() {
    (shell.standardInput as? Pipe)?.fileHandleForWriting.closeFile()
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
    private struct Seen {
      /// Seconds of the run, and of its overloads.
      var seconds: Double
      var lost: Double
      /// `node.late`, and the latest of them in microseconds.
      var late: Int64
      var latest: Int64
      /// Samples with the machine's own words on how long tasks waited, and the most, in permille.
      var samples: Int64
      var pressure: Int64
      /// Stretches that nobody but the host speaks for.
      var uncorroborated: Int64
    }

    private var processor: String {
      get throws {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }
        return String(try #require(line).drop { !$0.isNumber }.prefix { $0.isNumber })
      }
    }

    private func run(beside spinners: Int, niceness: Int, own: Int) async throws -> Seen {
      let workspace = try Workspace()
      let busy = try Spinners(spinners, on: processor, niceness: niceness)
      defer { busy.end() }
      let run = try Invocation(
        "/usr/bin/taskset",
        [
          "-c", processor, "/usr/bin/nice", "-n", "\(own)", workspace.executable, "spawn", "gossip",
          "--seeds", "2", "--peers", "8", "--for", "6s", "--no-checks", "--logs", workspace.logs,
        ], folder: workspace.folder)
      await run.end()
      #expect(run.status == 0, "\(run.output)\(run.errors)")
      let history = try Database(opening: workspace.history, mode: .readOnly)
      func integer(_ sql: String) throws -> Int64 { try history.integer(sql) ?? 0 }
      return Seen(
        seconds: Double(try integer("SELECT stopping_t - began_t FROM runs")) / 1e6,
        lost: Double(try integer("SELECT sum(to_t - from_t) FROM overloads")) / 1e6,
        late: try integer("SELECT count(*) FROM events WHERE kind = 'node.late'"),
        latest: try integer("SELECT max(data ->> 'late') FROM events WHERE kind = 'node.late'"),
        samples: try integer("SELECT count(*) FROM usage WHERE runnable > 0 AND late IS NOT NULL"),
        pressure: try integer("SELECT max(pressure) FROM usage"),
        uncorroborated: try integer(
          "SELECT count(*) FROM overloads WHERE max(supervisor_late, coalesce(nodes_late, 0)) < 100000"
        ))
    }

    @Test("Nodes that wait for a processor say so, and the time that they lose counts")
    func starved() async throws {
      // Loops at normal priority get ten times the processor that a node gets which wants it as much.
      let busy = try await run(beside: 40, niceness: 0, own: 15)
      #expect(busy.late > 0 && busy.latest >= 100_000, "\(busy)")
      #expect(busy.lost > 0, "\(busy)")
      #expect(busy.samples > 0 && busy.pressure > 500 && busy.uncorroborated == 0, "\(busy)")
      // One loop at the lowest priority takes what nobody wants: everybody gets a turn soon.
      let calm = try await run(beside: 1, niceness: 19, own: 0)
      #expect(calm.lost / calm.seconds < busy.lost / busy.seconds, "\(calm) \(busy)")
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
        stop: { at: 3s }
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
