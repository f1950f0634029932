import Foundation
import SeedbedTesting
import Testing

extension RunTests {
  /// In a folder outside the repository, with nothing but the executable.
  @Suite("A network of the user's own")
  struct OwnNetworkTests {
    /// It is recorded, though its node is never ready.
    private static let neverReady = """
      network: .
      groups: { peer: { count: 1, command: [/bin/sleep, '60'], ready: { log: x } } }
      ready: { within: 1ms }
      stop: { at: 1ms }
      checks: []
      """

    private func run(_ script: String, in workspace: Workspace) async throws -> Invocation {
      let running = try workspace.startHere(script)
      await running.end()
      return running
    }

    /// Makes a file of a network other than it was.
    private func change(
      _ file: String, _ old: String, to new: String, in workspace: Workspace
    ) throws {
      let path = "\(workspace.folder)/\(file)"
      let text = try String(contentsOfFile: path, encoding: .utf8)
      #expect(text.contains(old))
      try Data(text.replacing(old, with: new).utf8).write(to: URL(filePath: path))
    }

    @Test("is written by 'new', runs green as it is, and is found from anywhere, moved or gone")
    func fromNew() async throws {
      guard hasPython else { return }
      let workspace = try Workspace()
      let made = try await run(
        """
        seedbed new chatter
        seedbed run chatter/spawn.yaml --seed 1
        seedbed spawn ./chatter --peers 4 --kill 1 --for 6s --seed 1
        seedbed check --list ./chatter
        """, in: workspace)
      let excused = made.status == 2 && made.output.contains("overloaded")
      #expect(made.status == 0 || excused, "\(made.output)\(made.errors)")
      #expect(made.output.contains("greetings-arrive"))
      #expect(made.output.contains("Who is there hears a greeting within a second."))
      #expect(try workspace.integer("SELECT count(*) FROM deaths") == 1)
      #expect(
        try workspace.integer("SELECT count(*) FROM chatter_greetings WHERE judged") ?? 0 > 5)
      // A view that is changed is asked as it is now.
      try change(
        "chatter/views/chatter_greetings.sql", "-- column: judged",
        to: "-- column: extra: one\n-- column: judged",
        in: workspace)
      try change(
        "chatter/views/chatter_greetings.sql", "  coalesce(g.t > r.began_t AND",
        to: "  1 AS extra,\n  coalesce(g.t > r.began_t AND", in: workspace)
      let changed = try await run(
        "seedbed query --format csv 'SELECT max(extra) AS extra FROM chatter_greetings'",
        in: workspace)
      #expect(changed.output == "extra\n1\n", "\(changed.errors)")
      let elsewhere = try await run(
        """
        mkdir other && cd other
        seedbed query --logs ../logs "SELECT max(extra) FROM chatter_greetings"
        seedbed query --logs ../logs --run all "SELECT count(DISTINCT run) AS n FROM chatter_greetings"
        seedbed query --logs ../logs --schema chatter_greetings
        mv ../chatter ../gone
        seedbed query --logs ../logs "SELECT count(*) > 0 AS kept FROM chatter_greetings"
        seedbed check --logs ../logs
        seedbed export last --logs ../logs --output run.tar.gz
        seedbed import run.tar.gz --logs mine
        seedbed query --logs mine "SELECT count(*) > 0 AS imported FROM chatter_greetings"
        for run in ../logs/*-chatter-*; do seedbed collect $run --history again.sqlite; done
        seedbed check --history again.sqlite
        """, in: workspace)
      #expect(
        elsewhere.status == 0 || elsewhere.output.contains("overloaded"),
        "\(elsewhere.output)\(elsewhere.errors)")
      for words in ["kept", "imported", "seconds from the run's beginning to `sent_t`", "extra"] {
        #expect(elsewhere.output.contains(words), "\(words): \(elsewhere.output)")
      }
      #expect(
        elsewhere.output.components(separatedBy: "greetings-arrive").count == 3,
        "\(elsewhere.output)")
    }

    @Test("is refused with file and line where something in it is wrong, before anything starts")
    func mistakes() async throws {
      let view = "views/chatter_greetings.sql"
      let check = "checks/greetings-arrive.sql"
      let mistakes = [
        (
          view, "-- summary:", "-- sumary:",
          "\(view):2: unknown key 'sumary' (did you mean 'summary'?)"
        ),
        (view, "-- column: node: who sent it\n", "", "\(view):12: its SELECT gives"),
        (view, "-- column: greeting:", "-- column: Greeting:", "\(view):4: 'Greeting' is no name"),
        (
          view, "-- column: heard_s\n", "-- column: told_s\n",
          "\(view):10: nothing says what column"
        ),
        (view, "g.node, p.node AS", "g.nod, p.node AS", "\(view):13: no such column: g.nod"),
        (view, "FROM events g", "FROM event g", "\(view):13: no such table: event (did you mean"),
        (view, "SELECT g.run,", "SELEC g.run,", "\(view):13: near \"SELEC\": syntax error"),
        (
          view, "SELECT g.run,", "SELECT 1; SELECT 2; SELECT g.run,",
          "\(view):13: there is more than one statement here"
        ),
        (view, "-- view: chatter_greetings", "-- view: greetings", "\(view):1: the view is called"),
        (check, "-- witnesses: 5", "-- witnesses: none", "\(check):5: 'none' is not the least"),
        (check, "g.greeting,", "g.greating,", "\(check):11: no such column: g.greating"),
        (check, "FROM planned_nodes)", "FROM events)", "\(check):7: 'asked-if'"),
        (check, "FROM chatter_greetings WHERE judged;", "FROM chatter_greeting;", "no such table"),
        (
          "spawn.yaml", "  kill: peer", "  kill: peers", "spawn.yaml:5:9: there is no group 'peers'"
        ),
        ("spawn.yaml", "network: .", "network: ./no where", "spawn.yaml:2:10: there is no folder"),
        ("spawn.yaml", "network: .", "network: /", "spawn.yaml:2:10: a network's name is"),
      ]
      let workspace = try Workspace()
      for (file, old, new, message) in mistakes {
        _ = try await run("rm -rf chatter; seedbed new chatter", in: workspace)
        try change("chatter/\(file)", old, to: new, in: workspace)
        let refused = try await run("seedbed run chatter/spawn.yaml", in: workspace)
        #expect(refused.status == 64, "\(new): \(refused.output)")
        #expect(refused.errors.contains(message), "\(new): \(refused.errors)")
      }
      #expect(workspace.runs.isEmpty)
    }

    @Test(
      "is not written under a name that is none, nor over something",
      arguments: [
        ("../chatter", "'../chatter' is no name for a network"), ("'two words'", "is no name"),
        ("Chatter", "is no name"), ("shared", "is no name"), ("''", "is no name"),
        ("there", "there: cannot be made: File exists"),
      ])
    func badNames(name: String, message: String) async throws {
      let workspace = try Workspace()
      let refused = try await run("touch there; seedbed new \(name)", in: workspace)
      #expect(refused.status == 64)
      #expect(refused.errors.contains(message), "\(refused.errors)")
    }

    @Test("is found by its name beside the topology or in --networks DIR, and only there")
    func byName() async throws {
      guard hasPython else { return }
      let workspace = try Workspace()
      let topology = """
        network: chatter
        groups:
          peer: { count: 2, command: [/bin/sh, -c, 'echo ready; sleep 60'], ready: { log: ready } }
        stop: { at: 200ms }
        """
      _ = try await run(
        "mkdir -p project/networks && cd project/networks && seedbed new chatter", in: workspace)
      _ = try workspace.write(topology, to: "project/t.yaml")
      _ = try workspace.write(topology, to: "t.yaml")
      for command in [
        "run project/t.yaml", "run t.yaml --networks project/networks", "run t.yaml",
        "check --list chatter --networks project/networks", "check --list chatter",
      ] {
        let found = try await run("seedbed \(command)", in: workspace)
        let isFound = command.contains("project")
        // Nobody says anything, so the check has too little to judge.
        let expected: Int32 = isFound ? (command.hasPrefix("run") ? 2 : 0) : 64
        #expect(found.status == expected, "\(command): \(found.output)\(found.errors)")
        #expect(found.output.contains("greetings-arrive") == isFound)
      }
    }

    @Test("may have a view of a name that another has, and each run has its own")
    func sameNames() async throws {
      let workspace = try Workspace()
      for (name, value) in [("one", 1), ("two", 2)] {
        _ = try await run("mkdir -p \(name)/views", in: workspace)
        _ = try workspace.write(
          """
          -- view: links
          -- summary: A number.
          -- column: run: the run
          -- column: number: it

          SELECT run, \(value) AS number FROM runs;
          """, to: "\(name)/views/links.sql")
        _ = try workspace.write(Self.neverReady, to: "\(name)/t.yaml")
        _ = try await run("seedbed run \(name)/t.yaml", in: workspace)
      }
      let asked = try await run(
        """
        for run in 1 2; do seedbed query --run $run --format csv "SELECT number FROM links"; done
        seedbed query --run all --format csv "SELECT count(*) AS ours FROM links"
        """, in: workspace)
      #expect(asked.output == "number\n1\nnumber\n2\nours\n0\n", "\(asked.errors)")
    }

    @Test("that came with somebody else's run changes nothing in a history that takes the run in")
    func tampered() async throws {
      let workspace = try Workspace()
      _ = try await run("mkdir -p own/views", in: workspace)
      _ = try workspace.write(
        """
        -- view: numbers
        -- summary: A number.
        -- column: run: the run

        SELECT run FROM runs;
        """, to: "own/views/numbers.sql")
      _ = try workspace.write(Self.neverReady, to: "own/t.yaml")
      let harm =
        "; UPDATE main.runs SET seed = 666; ATTACH 'evil.sqlite' AS e; CREATE TABLE e.t (a)"
      let asked = try await run(
        """
        seedbed run own/t.yaml --seed 1 || true
        rm -r own
        sed -i "s/;$/\(harm);/" logs/*/network/views/numbers.sql
        for run in logs/*/; do
          seedbed collect $run --history mine.sqlite
          seedbed collect $run --history mine.sqlite
        done
        seedbed query --history mine.sqlite --run all --format csv "SELECT seed FROM runs"
        seedbed query --history mine.sqlite "SELECT * FROM numbers" || true
        find . -name 'evil*'
        """, in: workspace)
      #expect(
        asked.output.components(separatedBy: "seed\n1\n").count == 2,
        "\(asked.output)\(asked.errors)")
      #expect(
        asked.errors.components(separatedBy: "numbers.sql:5: there is more than one statement")
          .count == 2, "\(asked.errors)")
      #expect(!asked.output.contains("evil"), "\(asked.output)")
    }
  }
}
