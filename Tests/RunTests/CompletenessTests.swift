import Foundation
import Glibc
import History
import SeedbedTesting
import Testing

extension RunTests {
  /// Whoever starts a run, and whatever happens meanwhile: what was logged is in the history, or the
  /// run says that it is not.
  @Suite("What a run records")
  struct CompletenessTests {
    private let topology = """
      network: gossip
      groups:
        seed: { count: 1 }
        peer:
          count: 12
          after: seed
          options: { join-delay: 20ms, gossip-interval: 10ms, gossip-count: 100000 }
      stop: { at: 1500ms }
      """

    /// The lines of all logs in the folders of the workspace's runs.
    private func lines(_ workspace: Workspace) throws -> Int64 {
      var lines = 0
      for folder in workspace.runs {
        for name in try FileManager.default.contentsOfDirectory(atPath: folder)
        where name.hasSuffix(".ndjson") {
          let bytes = FileManager.default.contents(atPath: "\(folder)/\(name)") ?? Data()
          lines += bytes.count { $0 == UInt8(ascii: "\n") }
        }
      }
      return Int64(lines)
    }

    /// Writes lines without a pause until it is told to stop, and then as many again.
    private let talker = """
      #!/bin/sh
      role=$1
      shift
      while [ $# -gt 0 ]; do
        case $1 in --log) log=$2 ;; esac
        shift 2
      done
      n=1
      say() {
        awk -v from=$n -v to=$((n + $1)) 'BEGIN {
          for (n = from + 1; n <= to; n++) printf "{\\"t\\":%d,\\"n\\":%d,\\"kind\\":\\"a.b\\"}\\n", n, n
        }' >> "$log"
        n=$((n + $1))
      }
      trap 'stop=1' TERM
      printf '{"t":1,"n":1,"kind":"node.ready","address":"127.0.0.1:1","role":"%s"}\\n' "$role" >> "$log"
      while [ -z "$stop" ]; do say 5000; done
      say 30000
      """

    @Test(
      "Every line is a row, however far behind the collector is at the end",
      arguments: [false, true])
    func farBehind(isStopped: Bool) async throws {
      let workspace = try Workspace()
      let run = try workspace.start(
        ["spawn", "gossip", "--seeds", "1", "--peers", "3", "--for", "1s", "--no-checks"],
        node: talker)
      try await eventually("it has begun") { run.output.contains("all nodes are ready") }
      if isStopped {
        run.signal(SIGSTOP)
        let before = try lines(workspace)
        try await eventually("the logs have grown") { try lines(workspace) > before + 100_000 }
        run.signal(SIGCONT)
      }
      await run.end()
      #expect(run.status == 0, "\(run.output)\(run.errors)")
      #expect(try lines(workspace) > 120_000)
      #expect(try workspace.integer("SELECT count(*) FROM events") == lines(workspace))
      #expect(try workspace.integer("SELECT complete FROM runs") == 1)
    }

    @Test("A run whose logs lack lines that were recorded cannot be judged, and says so")
    func shrunkenLog() async throws {
      let workspace = try Workspace()
      let file = try workspace.write(topology, to: "t.yaml")
      let run = try workspace.start(["run", file])
      try await eventually("something of a peer is recorded") {
        FileManager.default.fileExists(atPath: workspace.history)
          && (try? workspace.integer("SELECT count(*) > 5 FROM events WHERE node = 'peer-1'")) == 1
      }
      let folder = try #require(workspace.runs.first)
      #expect(unsafe truncate("\(folder)/peer-1.ndjson", 0) == 0)
      await run.end()
      #expect(run.status == 3, "\(run.output)\(run.errors)")
      #expect(
        run.errors.contains(/the logs hold \d+ lines, and the history has \d+ events/),
        "\(run.errors)")
      #expect(run.errors.contains("seedbed collect \(folder)"))
      #expect(try workspace.integer("SELECT complete FROM runs") == 0)
      #expect(try workspace.integer("SELECT count(*) FROM checks") == 0)
    }

    @Test(
      "It does not matter how whoever starts it has set signals, limits and descriptors",
      arguments: [
        "trap '' CHLD", "trap '' PIPE TERM USR1", "ulimit -S -f 1", "exec 0<&-",
        "exec 0<&- 2>&-", "ulimit -S -n 64",
      ])
    func inherited(preparation: String) async throws {
      let workspace = try Workspace()
      let file = try workspace.write(topology, to: "t.yaml")
      let run = try workspace.start(after: preparation, ["run", file, "--no-checks"])
      await run.end()
      #expect(run.status == 0, "\(run.output)\(run.errors)")
      #expect(run.output.contains("completed\n"), "\(run.output)\(run.errors)")
      #expect(try workspace.integer("SELECT count(*) FROM events") == lines(workspace))
    }

    @Test("A hard limit of the size of files ends a run with the reason, and not by a signal")
    func hardLimit() async throws {
      let workspace = try Workspace()
      let file = try workspace.write(topology, to: "t.yaml")
      let run = try workspace.start(after: "ulimit -f 600", ["run", file, "--no-checks"])
      await run.end()
      #expect(run.status == 3, "\(run.output)\(run.errors)")
      #expect(run.errors.contains("'ulimit -f'"), "\(run.errors)")
      #expect(workspace.processes.isEmpty)
    }

    @Test("With standard output closed, a command says that it cannot write", arguments: ["runs"])
    func closedOutput(command: String) async throws {
      let workspace = try Workspace()
      let file = try workspace.write(topology, to: "t.yaml")
      let run = try workspace.start(["run", file, "--no-checks"])
      await run.end()
      let listing = try workspace.start(after: "exec 1>&-", [command])
      await listing.end()
      #expect(listing.status == 3)
      #expect(listing.errors.contains("cannot write the output"), "\(listing.errors)")
    }
  }
}
