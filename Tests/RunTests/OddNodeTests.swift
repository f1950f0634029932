import Foundation
import Glibc
import History
import SeedbedTesting
import Testing

extension RunTests {
  /// Nodes as people may write them, in shell: the supervisor knows nothing of what they do.
  @Suite("Nodes that misbehave")
  struct OddNodeTests {
    /// Reads the command line, says that it is ready, then goes on with `body`.
    private func node(_ body: String) -> String {
      """
      #!/bin/sh
      role=$1
      shift
      while [ $# -gt 0 ]; do
        case $1 in --log) log=$2 ;; --name) name=$2 ;; esac
        shift 2
      done
      ready() {
        printf '{"t":1,"n":1,"kind":"node.ready","address":"127.0.0.1:1","role":"%s","pid":%d}\\n' \
          "$role" $$ >> "$log"
      }
      \(body)
      """
    }

    private let arguments = [
      "spawn", "gossip", "--seeds", "1", "--peers", "2", "--for", "100ms", "--no-checks",
    ]

    @Test("One that ignores SIGTERM is killed, with what it started, and named")
    func stubborn() async throws {
      let workspace = try Workspace()
      let script = node(
        """
        ready
        [ $name = peer-2 ] || exec sleep 1000
        trap '' TERM
        sleep 1000 "$log" &
        while :; do wait; done
        """)
      let run = try await workspace.run(arguments + ["--set", "stop.within=3s"], node: script)
      #expect(run.status == 0, "\(run.output)\(run.errors)")
      #expect(run.output.contains("completed: had to be killed at the end: peer-2\n"))
      #expect(workspace.processes.isEmpty)
    }

    @Test("One that never becomes ready fails the run, which shows what it said")
    func neverReady() async throws {
      let workspace = try Workspace()
      let script = node(
        """
        [ $name = peer-2 ] || ready
        [ $name = peer-2 ] && echo 'waiting for the moon'
        exec sleep 1000
        """)
      let run = try await workspace.run(arguments + ["--set", "ready.within=4s"], node: script)
      #expect(run.status == 1)
      #expect(
        run.errors.contains(
          "not ready within 4s: peer-2 (started, but wrote no node.ready)\n"
            + "peer-2 said:\n  waiting for the moon\n"), "\(run.errors)")
      #expect(workspace.processes.isEmpty)
      #expect(try workspace.integer("SELECT count(*) FROM runs WHERE outcome = 'failed'") == 1)
    }

    @Test("One that crashes fails the run at its end")
    func crashing() async throws {
      let workspace = try Workspace()
      let script = node(
        """
        ready
        if [ $name = peer-1 ]; then
          until grep -q run.began "${log%/*}/supervisor.ndjson"; do sleep 0.01; done
          kill -SEGV $$
        fi
        exec sleep 1000
        """)
      let run = try await workspace.run(arguments + ["--set", "stop.at=2s"], node: script)
      #expect(run.status == 1)
      #expect(
        run.errors.contains("failed: ended unasked: peer-1 (signal 11)"),
        "\(run.output)\(run.errors)")
      #expect(try workspace.integer("SELECT count(*) FROM nodes WHERE unexpected") == 1)
    }

    @Test("One that was killed in the middle of a line is seen to be ready again")
    func tornLine() async throws {
      let workspace = try Workspace()
      let script = node(
        """
        if [ -s "$log" ]; then
          printf '\\n{"t":3,"n":2,"kind":"node.ready","address":"127.0.0.1:1"}\\n' >> "$log"
        else
          ready
          printf '{"t":2,"n":2,"kind":"link.op' >> "$log"
        fi
        exec sleep 1000
        """)
      let said = try await workspace.run(
        """
        network: gossip
        groups: { seed: { count: 1 }, peer: { count: 1, after: seed } }
        faults: [{ at: 100ms, restart: peer-1 }]
        """, until: "SELECT healed_t FROM faults", node: script)
      #expect(said.contains("restart peer-1: back\n"))
      #expect(try workspace.integer("SELECT count(*) FROM faults WHERE confirmed_t > 0") == 1)
      #expect(
        try workspace.integer("SELECT count(*) FROM rejected_lines WHERE node = 'peer-1'") == 1)
    }

    @Test("One whose executable cannot be run fails the run, with the system's reason")
    func notExecutable() async throws {
      let workspace = try Workspace()
      let run = try await workspace.run(arguments, node: "#!/no/such/interpreter\n")
      #expect(run.status == 1)
      #expect(
        run.errors.contains(
          "seed-1 could not be started: \(workspace.folder)/bin/seedbed-node: "
            + "No such file or directory\n"), "\(run.errors)")
    }

    @Test("Without a node's executable nothing starts, and the message says how to get one")
    func noExecutable() async throws {
      let workspace = try Workspace()
      _ = try await workspace.run(["--version"], node: "")
      try FileManager.default.removeItem(atPath: "\(workspace.folder)/bin/seedbed-node")
      let run = try Invocation(
        "\(workspace.folder)/bin/seedbed", arguments + ["--logs", workspace.logs],
        folder: workspace.folder)
      await run.end()
      #expect(run.status == 64)
      #expect(run.errors.contains("run 'make build'"), "\(run.errors)")
      #expect(workspace.runs.isEmpty)
    }

    @Test("A node gets its own process group, an empty input, three descriptors and plain signals")
    func processState() async throws {
      let workspace = try Workspace()
      let script = node(
        """
        echo "group $(cut -d' ' -f5 /proc/$$/stat) of $$"
        for d in /proc/$$/fd/*; do [ -e $d ] && echo "descriptor ${d##*/}"; done
        echo "input $(readlink /proc/$$/fd/0)"
        while read -r key value; do
          case $key in SigBlk: | SigIgn:) echo "$key $value" ;; esac
        done < /proc/$$/status
        echo "backtrace $SWIFT_BACKTRACE"
        cat
        ready
        exec sleep 1000
        """)
      let run = try await workspace.run(arguments, node: script)
      #expect(run.status == 0, "\(run.output)\(run.errors)")
      let folder = try #require(workspace.runs.first)
      let output = try String(contentsOfFile: "\(folder)/peer-1.out", encoding: .utf8)
      let lines = output.split(separator: "\n").map(String.init)
      let group = try #require(lines.first { $0.hasPrefix("group ") }).split(separator: " ")
      #expect(group[1] == group[3])
      // 10 or more is the shell's own, for its script.
      let descriptors = lines.filter { $0.hasPrefix("descriptor ") && $0.count == 12 }
      #expect(descriptors == ["descriptor 0", "descriptor 1", "descriptor 2"])
      #expect(lines.contains("input /dev/null"))
      #expect(lines.contains("SigBlk: 0000000000000000"))
      #expect(lines.contains("SigIgn: 0000000000000000"))
      #expect(lines.contains("backtrace enable=no"))
    }
  }

  @Suite("A history that cannot be written any more")
  struct FullDiskTests {
    @Test("It stops the run in order, with code 3, and the logs can be collected later")
    func fullDisk() async throws {
      let workspace = try Workspace()
      // In blocks of 512 bytes: enough to make a history, and not for what it is to hold.
      let run = try workspace.start(
        after: "trap '' XFSZ; ulimit -f 500",
        ["spawn", "gossip", "--seeds", "2", "--peers", "10", "--for", "60s", "--no-checks"])
      await run.end()
      #expect(run.status == 3, "\(run.output)\(run.errors)")
      #expect(run.errors.contains("failed: cannot record the run: "), "\(run.errors)")
      let folder = try #require(workspace.runs.first)
      #expect(run.errors.contains("'seedbed collect \(folder) --logs "), "\(run.errors)")
      #expect(workspace.processes.isEmpty)

      let other = "\(workspace.folder)/other.sqlite"
      let collect = try await workspace.run(["collect", folder, "--history", other])
      #expect(collect.status == 0, "\(collect.output)\(collect.errors)")
      let database = try Database(opening: other, mode: .readOnly)
      #expect(try database.integer("SELECT count(*) FROM runs WHERE outcome = 'failed'") == 1)
      #expect(
        try database.integer("SELECT count(*) FROM events WHERE kind = 'node.stopped'") == 12)
    }
  }

  @Suite("What is checked before a run")
  struct BadInputTests {
    @Test("A folder for logs that cannot be made is refused with code 64, and nothing starts")
    func badLogs() async throws {
      let workspace = try Workspace()
      _ = try workspace.write("", to: "logs")
      let run = try await workspace.run(["spawn", "gossip"])
      #expect(run.status == 64)
      #expect(run.errors.contains("cannot make the folder \(workspace.logs)/"), "\(run.errors)")
      #expect(run.errors.contains("Not a directory"), "\(run.errors)")
    }

    @Test("A history that is no history is refused with code 64, and leaves no run's folder")
    func badHistory() async throws {
      let workspace = try Workspace()
      let file = try workspace.write("not a database, but long enough to be looked at", to: "h")
      let run = try await workspace.run(["spawn", "gossip", "--history", file])
      #expect(run.status == 64)
      #expect(run.errors.contains(file), "\(run.errors)")
      #expect(workspace.runs.isEmpty)
    }

    @Test("A config file's bad line is named")
    func badConfig() async throws {
      let workspace = try Workspace()
      let topology = try workspace.write(
        """
        network: gossip
        groups: { seed: { count: 1 }, peer: { count: 1, after: seed } }
        stop: { at: 1s }
        """, to: "t.yaml")
      let config = try workspace.write("127.0.0.1:5000\n127.0.0.1\n", to: "config.txt")
      let run = try await workspace.run(["run", topology, "--config", config])
      #expect(run.status == 64)
      #expect(
        run.errors.hasPrefix("seedbed: \(config):2: found '127.0.0.1'; expected a seed's address"),
        "\(run.errors)")
    }

    @Test(
      "What 'spawn' cannot do is refused in the words of its own options",
      arguments: [
        (
          ["--peers", "3", "--kill", "4"],
          "'4' is no value for --kill; allowed: at most 3, all nodes of group peer"
        ),
        (["--for", "0s"], "'0s' is no value for --for; allowed: a duration from 1ms to 168h"),
        (["--seeds", "0"], "'0' is no value for --seeds; allowed: a whole number from 1 to 20000"),
      ])
    func badSpawn(options: [String], message: String) async throws {
      let workspace = try Workspace()
      let run = try await workspace.run(["spawn", "gossip"] + options)
      #expect(run.status == 64)
      #expect(run.errors.hasPrefix("seedbed: \(message)"), "\(run.errors)")
    }

    @Test("An unknown network is refused, with the ones that there are")
    func unknownNetwork() async throws {
      let workspace = try Workspace()
      let run = try await workspace.run(["spawn", "gosip"])
      #expect(run.status == 64)
      #expect(
        run.errors.contains("unknown network 'gosip' (did you mean 'gossip'?)"), "\(run.errors)")
    }
  }
}
