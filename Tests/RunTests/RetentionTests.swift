import Archives
import Foundation
import Glibc
import History
import SeedbedTesting
import Testing

extension RunTests {
  @Suite("Runs that are kept, passed on and removed")
  struct RetentionTests {
    private let topology = """
      network: gossip
      groups: { seed: { count: 1 }, peer: { count: 3, after: seed } }
      faults: [{ at: 1s, kill: peer-1 }, { at: 2s, partition: { between: peer-2, and: seed } }]
      stop: { at: 5s }
      """

    /// A workspace with simulated runs.
    private func recorded(_ count: Int) async throws -> Workspace {
      let workspace = try Workspace()
      let file = try workspace.write(topology, to: "t.yaml")
      for seed in 1...count {
        let run = try await workspace.run(["simulate", file, "--seed", "\(seed)"])
        try #require(workspace.runs.count == seed, "\(run.errors)")
      }
      return workspace
    }

    /// Every row of a history with one run, but for what its place decides.
    private func rows(_ history: String) throws -> [String] {
      let database = try Database(opening: history, mode: .readOnly)
      var rows: [String] = []
      for table in [
        "runs", "nodes", "events", "faults", "fault_sides", "usage", "checks",
        "rejected_lines", "log_files",
      ] {
        let statement = try database.prepare("SELECT * FROM \(table)")
        let names = statement.columnNames
        var found: [String] = []
        while try statement.step() {
          let values = names.indices.filter { !["run", "folder"].contains(names[$0]) }
          found.append(values.map { "\(statement.value(at: $0))" }.joined(separator: "|"))
        }
        #expect(!found.isEmpty || table == "rejected_lines", "\(table)")
        rows += found.sorted()
      }
      return rows
    }

    @Test("A run that is exported and imported elsewhere gives the same rows, verdicts included")
    func roundTrip() async throws {
      let here = try await recorded(1)
      let archive = "\(here.folder)/run.tar.gz"
      let export = try await here.run(["export", "last", "--output", archive])
      #expect(export.status == 0, "\(export.errors)")
      let there = try Workspace()
      let imported = try await there.run(["import", archive])
      #expect(imported.status == 0, "\(imported.errors)")
      #expect(try rows(there.history) == rows(here.history))
      // And once more from there.
      let again = "\(here.folder)/again.tar.gz"
      #expect(try await there.run(["export", "1", "--output", again]).status == 0)
      let third = try Workspace()
      #expect(try await third.run(["import", again]).status == 0)
      #expect(try rows(third.history) == rows(here.history))

      #expect(try await here.run(["export", "last", "--output", archive]).status == 64)
      let twice = try await there.run(["import", archive])
      #expect(twice.status == 64)
      #expect(twice.errors.contains("is there already"), "\(twice.errors)")
    }

    @Test(
      "An archive that is no export is refused, and leaves nothing",
      arguments: [
        ("tar -czPf A --transform 's,^,../,' RUN/plan.json", "plain names"),
        ("tar -czPf A --transform 's,^,/tmp/,' RUN/plan.json", "plain names"),
        ("mkdir RUN/deep && touch RUN/deep/file && tar -czf A RUN", "plain names"),
        ("touch RUN/.hidden && tar -czf A RUN/.hidden", "plain names"),
        ("touch 'RUN/a b' && tar -czf A 'RUN/a b'", "plain names"),
        ("mkdir OTHER && touch OTHER/x && tar -czf A RUN/plan.json OTHER/x", "plain names"),
        ("ln -s /etc/passwd RUN/x.ndjson && tar -czf A RUN", "no regular file"),
        ("ln RUN/plan.json RUN/zz.json && tar -czf A RUN", "no regular file"),
        ("mkfifo RUN/x.ndjson && tar -czf A RUN", "no regular file"),
        ("tar -cf B RUN/plan.json && tar -rf B RUN/plan.json && gzip -c B > A", "twice"),
        ("echo nothing > A", "not an export"),
        (": > A", "not an export"),
        ("tar -czf B RUN && head -c 900 B > A", "not an export"),
        ("mv RUN OTHER && tar -czf A OTHER", "but its plan is of"),
        ("rm RUN/plan.json && tar -czf A RUN", "plan.json"),
        ("rm RUN/verdicts.json && tar -czf A RUN", "verdicts.json"),
        (
          "echo '[{\"verdict\":\"pass\",\"severity\":\"error\"}]' > RUN/verdicts.json && tar -czf A RUN",
          "verdicts.json"
        ),
        ("echo '{' > RUN/verdicts.json && tar -czf A RUN", "verdicts.json"),
      ])
    func hostileArchives(command: String, message: String) async throws {
      let workspace = try await recorded(1)
      let archive = "\(workspace.folder)/run.tar.gz"
      _ = try await workspace.run(["export", "last", "--output", archive])
      let name = try #require(workspace.runs.first?.split(separator: "/").last)
      let script =
        "cd \(workspace.folder) && tar -xzf run.tar.gz && "
        + command.replacing("RUN", with: name).replacing("A ", with: "hostile.tar.gz ")
        .replacing("> A", with: "> hostile.tar.gz")
      let made = try Invocation("/bin/sh", ["-c", script], folder: workspace.folder)
      try #require(await made.end() == 0, "\(made.errors)")

      let there = try Workspace()
      let run = try await there.run(["import", "\(workspace.folder)/hostile.tar.gz"])
      #expect(run.status == 64, "\(run.output)\(run.errors)")
      #expect(run.errors.contains(message), "\(run.errors)")
      let left = try FileManager.default.contentsOfDirectory(atPath: there.logs)
      #expect(left.filter { !$0.hasPrefix("history") }.isEmpty)
      if !left.isEmpty { #expect(try there.integer("SELECT count(*) FROM events") == 0) }
    }

    @Test("An archive is unpacked only up to a size, whatever its headers say")
    func largeArchive() async throws {
      let workspace = try Workspace()
      let script = "cd \(workspace.folder) && mkdir run && truncate -s 40M run/x && tar -czf a run"
      let made = try Invocation("/bin/sh", ["-c", script], folder: workspace.folder)
      try #require(await made.end() == 0, "\(made.errors)")
      let target = "\(workspace.folder)/unpacked"
      try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: false)
      let error = #expect(throws: ArchiveError.self) {
        try ArchiveReader.unpack("\(workspace.folder)/a", into: target, mostBytes: 1_000_000)
      }
      #expect(error?.description.contains("larger than is taken") == true)
      let size = try FileManager.default.attributesOfItem(atPath: "\(target)/x")[.size] as? Int
      #expect(try #require(size) <= 1_000_000)
    }

    @Test("Runs are removed by a rule, only when told so, and never while they are under way")
    func pruning() async throws {
      let workspace = try await recorded(3)
      let folders = workspace.runs
      let shown = try await workspace.run(["runs", "--prune", "--keep", "1"])
      #expect(shown.status == 0, "\(shown.errors)")
      #expect(shown.output.contains("would remove 2 runs, "), "\(shown.output)")
      #expect(workspace.runs == folders)
      #expect(
        try await workspace.run(["runs", "--prune", "--older-than", "1h", "--apply"]).output
          == "removed 0 runs, 0.0 MB\n")

      let file = try workspace.write(
        """
        network: gossip
        groups: { seed: { count: 1 }, peer: { count: 1, after: seed } }
        stop: { at: 60s }
        """, to: "live.yaml")
      let live = try await workspace.run(["run", file, "--no-checks", "--wait", "node.ready"])
      #expect(live.status == 0, "\(live.errors)")
      let applied = try await workspace.run(["runs", "--prune", "--keep", "0", "--apply"])
      #expect(applied.output.contains("under way, stays\n"), "\(applied.output)")
      #expect(applied.output.hasSuffix(" MB\n") && applied.output.contains("removed 3 runs"))
      #expect(workspace.runs.map { $0.hasSuffix(live.output.dropLast()) } == [true])
      #expect(try await workspace.run(["stop", "last"]).status == 0)
      #expect(try workspace.integer("SELECT count(*) FROM runs WHERE outcome = 'completed'") == 1)
      #expect(try workspace.integer("SELECT count(DISTINCT run) FROM events") == 1)

      for (arguments, message) in [
        (["--prune"], "needs a rule"), (["--keep", "3"], "belongs to --prune"),
        (["--apply"], "belongs to --prune"),
      ] {
        let refused = try await workspace.run(["runs"] + arguments)
        #expect(refused.status == 64)
        #expect(refused.errors.contains(message), "\(refused.errors)")
      }
    }
  }

  @Suite("What commands that were killed have left")
  struct LeftoverTests {
    @Test("What is no run and never will be is told of once, shown, and removed when told so")
    func leftovers() async throws {
      let workspace = try Workspace()
      let file = try workspace.write(
        """
        network: gossip
        groups: { seed: { count: 1 }, peer: { count: 1, after: seed } }
        stop: { at: 1s }
        """, to: "t.yaml")
      #expect(try await workspace.run(["simulate", file, "--no-checks"]).status == 0)
      let run = try #require(workspace.runs.first)
      let stamp = "20200101-000000-gossip-000"
      let id = "0A1B2C3D-0000-4000-8000-00000000000"
      let scratch = [".import-\(id)1", ".import-\(id)2", ".run-\(id)3", ".\(id)4"]
      let script = """
        cd '\(workspace.logs)'
        mkdir \(stamp)0 \(stamp)1 \(stamp)2 \(stamp)3 \(stamp)4 \(scratch[0]) \(scratch[1]) notes
        touch \(stamp)1/control.sock \(stamp)1/supervisor.ndjson \(scratch[2]) \(scratch[3])
        head -c 50 '\(run)/plan.json' > \(stamp)2/plan.json
        cp '\(run)/plan.json' \(stamp)3 && touch \(stamp)3/supervisor.ndjson
        # A plan that a newer one made, and what it logged.
        echo '{"plan":{"version":1000}}' > \(stamp)4/plan.json && echo '{}' > \(stamp)4/x.ndjson
        touch -d '3 days ago' \(scratch[0]) \(scratch[2]) \(scratch[3])
        """
      let made = try Invocation("/bin/sh", ["-ec", script], folder: workspace.folder)
      try #require(await made.end() == 0, "\(made.errors)")
      let before = try FileManager.default.contentsOfDirectory(atPath: workspace.logs).sorted()

      let ps = try await workspace.run(["ps"])
      #expect(ps.errors.contains("run \(stamp)1 was killed"), "\(ps.errors)")
      #expect(ps.errors.contains("can never be recorded"), "\(ps.errors)")
      for command in ["ps", "runs"] {
        #expect(try await workspace.run([command]).errors == "")
      }
      let shown = try await workspace.run(["runs", "--prune", "--keep", "1"])
      for (name, why) in [
        ("\(stamp)0", "no run: it has no plan.json"),
        ("\(stamp)1", "no run: it has no plan.json"),
        ("\(stamp)2", "no run: its plan.json is cut short"),
        ("\(stamp)3", "nothing was logged: the run never started"),
        (scratch[0], "its command never came to its end"),
        (scratch[2], "its command never came to its end"),
        (scratch[3], "its command never came to its end"),
      ] {
        #expect(shown.output.contains("\(workspace.logs)/\(name): \(why)\n"), "\(shown.output)")
      }
      #expect(shown.output.contains("would remove 0 runs and 7 leftovers, "), "\(shown.output)")
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: workspace.logs).sorted() == before)

      let applied = try await workspace.run(["runs", "--prune", "--keep", "1", "--apply"])
      #expect(applied.output.contains("removed 0 runs and 7 leftovers, "), "\(applied.errors)")
      let left = try FileManager.default.contentsOfDirectory(atPath: workspace.logs)
      #expect(
        left.filter { $0.hasPrefix(stamp) || $0.hasPrefix(".") }.sorted() == [
          scratch[1], "\(stamp)4",
        ])
      #expect(left.contains("notes"))
      #expect(FileManager.default.fileExists(atPath: run))
      #expect(try workspace.integer("SELECT count(*) FROM runs") == 1)
    }
  }

  @Suite("Runs side by side and again")
  struct RepetitionTests {
    @Test("A topology is run so many times, and what did not pass is counted")
    func repeating() async throws {
      let workspace = try Workspace()
      let report = "\(workspace.folder)/report.xml"
      let run = try await workspace.run([
        "spawn", "gossip", "--seeds", "1", "--peers", "2", "--for", "300ms", "--repeat", "3",
        "--report", "junit=\(report)",
      ])
      // There is too little to judge in so short a time.
      #expect(run.status == 2, "\(run.output)\(run.errors)")
      let lines = run.output.split(separator: "\n").map {
        $0.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
      }
      for turn in 1...3 {
        #expect(
          lines.contains { $0.prefix(3) == ["\(turn)/3", "run", "\(turn)"] }, "\(run.output)")
      }
      #expect(
        lines.contains(["every-run-is-sound", "3", "0", "0", "0", "0", "0.0"]), "\(run.output)")
      #expect(
        lines.contains(["gossip-reaches-every-live-peer", "0", "0", "3", "0", "0", "0.0"]),
        "\(run.output)")
      #expect(
        lines.contains(["dead-nodes-are-reported", "0", "0", "0", "0", "3", "0.0"]),
        "\(run.output)")
      #expect(
        try String(contentsOfFile: report, encoding: .utf8).contains("inconclusive: 3 of 3 runs; "))
      #expect(try workspace.integer("SELECT count(DISTINCT seed) FROM runs") == 3)
    }

    @Test("What the run did not ask for is shown, and stored only where that is wanted")
    func experiments() async throws {
      let workspace = try Workspace()
      func check(_ name: String, least: Int) throws -> String {
        try workspace.write(
          """
          -- check: \(name)
          -- promise: It holds.
          -- networks: any
          -- severity: error
          -- witnesses: \(least)

          SELECT 1 WHERE false; SELECT 1;
          """, to: "\(name).sql")
      }
      let own = try check("own", least: 1)
      let wip = try check("wip", least: 1)
      let file = try workspace.write(
        """
        network: gossip
        groups: { seed: { count: 1 }, peer: { count: 2, after: seed } }
        stop: { at: 8s }
        checks: [texts-are-taken-once, ./own.sql]
        """, to: "t.yaml")
      #expect(try await workspace.run(["simulate", file, "--seed", "1"]).status == 0)
      func verdicts() throws -> String? {
        try Database(opening: workspace.history, mode: .readOnly).text(
          "SELECT group_concat(name || ' ' || verdict, ', ') FROM (SELECT * FROM checks ORDER BY name)"
        )
      }
      let asked = "own pass, texts-are-taken-once pass"
      #expect(try verdicts() == asked)
      for experiment in [
        ["--check", wip], ["--against", "1"], ["--check", "only-dead-nodes-are-reported"],
      ] {
        let shown = try await workspace.run(["check", "1"] + experiment)
        #expect(shown.output.split(separator: "\n").count > 1, "\(shown.output)\(shown.errors)")
        #expect(try verdicts() == asked, "\(experiment)")
      }
      // What the run asked for is stored, whatever stands beside it.
      _ = try check("own", least: 2)
      _ = try await workspace.run(["check", "1", "--check", wip, "--check", own])
      let later = "own inconclusive, texts-are-taken-once pass"
      #expect(try verdicts() == later)
      _ = try await workspace.run(["check", "1", "--check", wip, "--store"])
      #expect(try verdicts() == later + ", wip pass")
    }

    @Test(
      "Whoever looks at verdicts is told at last how many, and what to do where not all is well")
    func lastWords() async throws {
      let workspace = try Workspace()
      let file = try workspace.write(
        """
        network: gossip
        groups: { seed: { count: 1 }, peer: { count: 2, after: seed } }
        stop: { at: 8s }
        checks: [texts-are-taken-once, dead-nodes-are-reported]
        """, to: "t.yaml")
      func last(_ run: Invocation, _ count: Int) -> [Substring] {
        run.output.split(separator: "\n").suffix(count)
      }
      let well = try await workspace.run(["simulate", file, "--seed", "1"])
      #expect(last(well, 1) == ["1 passed, 1 not asked"], "\(well.output)")
      #expect(!well.output.contains("to run it again"))
      // Its neighbour has no time left to miss its answers.
      let late = ["--set", "faults=[{at: 7900ms, pause: peer-1}]"]
      let ill = try await workspace.run(["simulate", file, "--seed", "1"] + late)
      let again = "to run it again: seedbed simulate \(file) --set "
      #expect(
        last(ill, 3) == [
          "\(again)'faults=[{at: 7900ms, pause: peer-1}]' --seed 1",
          "to look closer: seedbed show 2 --logs \(workspace.logs)", "1 passed, 1 inconclusive",
        ], "\(ill.output)")
      let judged = try await workspace.run(["check", "2"])
      #expect(
        last(judged, 3).first == "to run it again: seedbed rerun 2 --logs \(workspace.logs)",
        "\(judged.output)")
    }

    @Test("A run that takes longer than another fails beyond the tolerance, and not below")
    func regressions() async throws {
      let workspace = try Workspace()
      let file = try workspace.write(
        """
        network: gossip
        groups:
          seed: { count: 1 }
          peer: { count: 8, after: seed, options: { join-delay: 200ms, gossip-count: 4 } }
        stop: { at: 12s }
        """, to: "t.yaml")
      for latency in ["10ms", "10ms", "30ms"] {
        let run = try await workspace.run(
          ["simulate", file, "--seed", "7", "--set", "network-model.latency=\(latency)"])
        try #require(run.output.contains("digest "), "\(run.errors)")
      }
      let view = ["--view", "gossip_deliveries.delay"]
      let same = try await workspace.run(["check", "2", "--against", "1"] + view)
      #expect(same.status == 0, "\(same.output)\(same.errors)")
      #expect(same.output.contains("the same"), "\(same.output)")
      let slower = try await workspace.run(["check", "3", "--against", "1"] + view)
      #expect(slower.status == 1, "\(slower.output)\(slower.errors)")
      #expect(slower.output.contains("% more"), "\(slower.output)")
      let borne = try await workspace.run(
        ["check", "3", "--against", "1", "--tolerance", "1000%"] + view)
      #expect(borne.status == 0, "\(borne.output)")
      let faster = try await workspace.run(["check", "1", "--against", "3"] + view)
      #expect(faster.status == 0, "\(faster.output)")
      #expect(faster.output.contains("% less"), "\(faster.output)")
      for (arguments, message) in [
        (["--view", "gossip_deliveries"], "write VIEW.COLUMN"),
        (["--view", "gossip_delivery.delay"], "did you mean 'gossip_deliveries'?"),
        (["--view", "gossip_deliveries.dela"], "did you mean 'delay'?"),
        (["--tolerance", "-1"], "a percentage from 0% to 10000%"),
      ] {
        let refused = try await workspace.run(["check", "2", "--against", "1"] + arguments)
        #expect(refused.status == 64)
        #expect(refused.errors.contains(message), "\(refused.errors)")
      }
    }
  }
}
