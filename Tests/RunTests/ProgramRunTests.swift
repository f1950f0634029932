import Foundation
import Glibc
import History
import SeedbedTesting
import Testing

extension RunTests {
  /// Programs of other people, played by the shell.
  @Suite("Programs as nodes of a run")
  struct ProgramRunTests {
    private func topology(_ groups: String, _ rest: String = "stop: { at: 300ms }") -> String {
      "network: theirs\ngroups:\n\(groups)\n\(rest)\nchecks: []\n"
    }

    /// Writes a topology and an executable beside it.
    private func write(_ workspace: Workspace, _ topology: String, script: String) throws -> String
    {
      let node = try workspace.write("#!/bin/sh\n\(script)\n", to: "node.sh")
      #expect(unsafe chmod(node, 0o755) == 0)
      return try workspace.write(topology, to: "t.yaml")
    }

    private func rows(_ workspace: Workspace, _ sql: String) throws -> [String] {
      let database = try Database(opening: workspace.history, mode: .readOnly)
      let statement = try database.prepare(sql)
      var rows: [String] = []
      while try statement.step() {
        rows.append(
          (0..<statement.columnCount).map { statement.text(at: $0) ?? "" }.joined(separator: "|"))
      }
      return rows
    }

    @Test(
      "They get their texts filled in, their files, their input, and their own folder to work in")
    func whatTheyGet() async throws {
      let workspace = try Workspace()
      _ = try workspace.write("port={port} {{kept}}\n", to: "own.conf")
      let file = try write(
        workspace,
        topology(
          """
            first: { count: 1, command: [./node.sh, first, '{port}'], ready: { log: ^up } }
            node:
              count: 1
              after: first
              command: [./node.sh, '{name}', '{index}', '{port}', '{address:first-1}', '{seed}']
              environment: { GREETING: 'hi {name}' }
              input: ['{port}', last words]
              files: [own.conf, { from: own.conf, to: etc/filled.conf, fill: true }]
              ready: { log: ^up }
          """),
        script: """
          [ "$1" = first ] && { echo up; exec sleep 1000; }
          read port; read words
          [ "$port" = "$3" ] && echo "asked: $words"
          echo "arguments: $1 $2 $4 $5"
          echo "environment: $GREETING"
          echo "files: $(cat own.conf) $(cat etc/filled.conf)" | sed "s/$port/PORT/"
          echo "folder: ${PWD##*/}" >&2
          echo up
          read more
          """)
      let run = try await workspace.run(["run", file, "--seed", "7"])
      #expect(run.status == 0, "\(run.output)\(run.errors)")
      let first = try rows(workspace, "SELECT address FROM nodes WHERE node = 'first-1'")[0]
      #expect(
        try rows(
          workspace,
          "SELECT coalesce(data ->> 'line', kind) FROM events WHERE node = 'node-1' ORDER BY n")
          == [
            "asked: last words", "arguments: node-1 1 \(first) 7", "environment: hi node-1",
            "files: port={port} {{kept}} port=PORT {kept}", "folder: node-1.data", "node.ready",
          ])
      #expect(try rows(workspace, "SELECT role FROM nodes") == ["external", "external"])
    }

    @Test(
      "A port that accepts, and a path that is answered, make a program ready",
      .enabled(if: hasPython))
    func probes() async throws {
      let workspace = try Workspace()
      let file = try write(
        workspace,
        topology(
          """
            web:
              count: 1
              command: [python3, -m, http.server, --bind, '{host}', '{port}']
              ready: { http: / }
            silent:
              count: 1
              command: [python3, -c, 'import socket, sys; s = socket.create_server(("127.0.0.1", int(sys.argv[1]))); s.accept(); s.accept()', '{port}']
              ready: tcp
          """, "stop: { at: 100ms }"), script: "")
      let run = try await workspace.run(["run", file])
      #expect(run.status == 0, "\(run.output)\(run.errors)")
      #expect(
        try rows(
          workspace,
          "SELECT node FROM nodes WHERE ready_t BETWEEN spawned_t AND ended_t AND address LIKE '127.0.0.1:%'"
        ) == ["silent-1", "web-1"])
    }

    @Test(
      "One that is not ready in time fails the run, with what was awaited and what it said last")
    func notReady() async throws {
      let workspace = try Workspace()
      let file = try write(
        workspace,
        topology(
          "  node: { count: 1, command: [./node.sh], ready: { tcp: 1 } }\n"
            + "  other: { count: 1, command: [./node.sh], ready: { log: ^open } }\n",
          "ready: { within: 4s }\nstop: { at: 1s }"),
        script: "echo looking; echo 'for my keys'; exec sleep 1000")
      let run = try await workspace.run(["run", file])
      #expect(run.status == 1)
      #expect(
        run.errors.contains(
          "not ready within 4s: node-1 (started, but accepts no connection at port 1); "
            + "other-1 (started, but printed no line that matches '^open')\n"
            + "node-1 said:\n  looking\n  for my keys\nother-1 said:\n  looking\n  for my keys\n"),
        "\(run.errors)")
      #expect(workspace.processes.isEmpty)
    }

    @Test("A restarted one has its port and its files as it left them, and its first line is whole")
    func restart() async throws {
      let workspace = try Workspace()
      _ = try workspace.write("new\n", to: "state")
      let text = topology(
        """
          node:
            count: 1
            command: [./node.sh, '{port}']
            files: [state]
            ready: { log: '^up' }
            events: [{ match: '^up on (?<port>\\d+) (?<state>\\w+)', kind: life.begun }]
        """, "faults: [{ at: 100ms, restart: node-1 }]")
      _ = try write(
        workspace, text,
        script: "echo \"up on $1 $(cat state)\"; echo old > state; printf torn; exec sleep 1000")
      _ = try await workspace.run(text, until: "SELECT healed_t FROM faults")
      let lives = try rows(
        workspace,
        "SELECT data ->> 'port', data ->> 'state' FROM events WHERE kind = 'life.begun' ORDER BY n")
      #expect(lives.map { $0.split(separator: "|").last } == ["new", "old"])
      #expect(Set(lives.map { $0.split(separator: "|").first }).count == 1)
      #expect(
        try rows(workspace, "SELECT data ->> 'line' FROM events WHERE kind = 'node.printed'")
          == ["torn", "torn"])
      #expect(try rows(workspace, "SELECT count(*) FROM deaths WHERE back_t > gone_t") == ["1"])
    }

    @Test("A pause freezes what a program has started too, and a kill ends it")
    func wholeGroups() async throws {
      let workspace = try Workspace()
      let file = try write(
        workspace,
        topology(
          "  node: { count: 2, command: [./node.sh], ready: { log: ^up } }",
          "faults: [{ at: 100ms, pause: node-1 }, { at: 200ms, kill: node-2 }]\nstop: { at: 60s }"),
        script: "sh -c 'sleep 1000; :' \(workspace.folder) & echo up; wait")
      let run = try workspace.start(["run", file])
      func states() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { id -> String? in
          guard Int(id) != nil,
            let line = try? String(contentsOfFile: "/proc/\(id)/cmdline", encoding: .utf8),
            line.hasPrefix("sh\0-c"), line.contains(workspace.folder),
            let text = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8)
          else { return nil }
          return text.split(separator: ")").last.map { String($0.dropFirst().prefix(1)) }
        }
      }
      try await eventually("what the first has started is frozen, and the second's is gone") {
        states() == ["T"]
      }
      run.signal(SIGINT)
      await run.end()
      #expect(workspace.processes.isEmpty)
    }

    @Test(
      "Nothing that programs have started outlives a supervisor that is killed, and no line is lost"
    )
    func killedSupervisor() async throws {
      let workspace = try Workspace()
      let file = try write(
        workspace,
        topology(
          "  node: { count: 3, command: [./node.sh, '{name}'], ready: { log: ^up } }",
          "stop: { at: 60s }"),
        script: """
          sh -c 'sleep 1000; :' \(workspace.folder) &
          echo up
          n=0
          while :; do n=$((n + 1)); echo "line $n"; sleep 0.001; done
          """)
      let runs = try (0..<3).map { _ in try workspace.start(["run", file]) }
      for run in runs {
        try await eventually("it has begun") { run.output.contains("all nodes are ready") }
        usleep(.random(in: 0...100_000))
        run.signal(SIGKILL)
        await run.end()
      }
      try await eventually("everything is gone") { workspace.processes.isEmpty }
      let again = "\(workspace.folder)/again.sqlite"
      var lines = 0
      for folder in workspace.runs {
        for history in [workspace.history, again, again] {
          var collector = try Collector(folder: RunFolder(folder), history: history)
          _ = try collector.finish()
        }
        for node in 1...3 {
          let bytes = FileManager.default.contents(atPath: "\(folder)/node-\(node).out") ?? Data()
          lines += bytes.split(separator: UInt8(ascii: "\n")).count
        }
      }
      let sql =
        "SELECT run, node, n, t, data FROM events WHERE node <> 'supervisor' ORDER BY 1, 2, 3"
      let rows = try [workspace.history, again].map { history in
        let database = try Database(opening: history, mode: .readOnly)
        return try database.integer("SELECT count(*) FROM (\(sql))")
      }
      #expect(rows == [Int64(lines), Int64(lines)])
    }

    @Test("Runs side by side never pick the same port")
    func ports() async throws {
      let workspace = try Workspace()
      let file = try write(
        workspace,
        topology(
          "  node: { count: 40, command: [./node.sh, '{port}'], ready: { log: ^up } }",
          "stop: { at: 500ms }"), script: "echo up; exec sleep 1000")
      let runs = try (0..<4).map { _ in try workspace.start(["run", file]) }
      for run in runs {
        await run.end()
        #expect(run.status == 0, "\(run.output)\(run.errors)")
      }
      #expect(
        try rows(
          workspace,
          """
          SELECT a.address FROM nodes a JOIN nodes b ON a.address = b.address AND a.run < b.run
            AND a.spawned_t < b.ended_t AND b.spawned_t < a.ended_t
          """) == [])
      #expect(try workspace.integer("SELECT count(DISTINCT address) FROM nodes") ?? 0 > 40)
    }

    @Test("Simulating one is refused, with its place", arguments: ["simulate", "explore"])
    func simulated(command: String) async throws {
      let workspace = try Workspace()
      let file = try write(
        workspace, topology("  node: { count: 1, command: [./node.sh] }"), script: "")
      let run = try workspace.startExploring([file], command: [command])
      await run.end()
      #expect(run.status == 64)
      #expect(
        run.errors.hasPrefix("seedbed: \(file):3:21: a program cannot be simulated, "),
        "\(run.errors)")
    }
  }
}

/// Whether the tests that need Python can run.
let hasPython = ["/usr/bin/python3", "/usr/local/bin/python3"].contains {
  FileManager.default.isExecutableFile(atPath: $0)
}
