import Foundation
import Glibc
import History
import SeedbedTesting
import Testing

extension RunTests {
  @Suite("Simulations by command")
  struct SimulationTests {
    private let topology = """
      network: gossip
      groups:
        seed: { count: 2 }
        peer:
          count: 8
          after: seed
          options: { join-delay: 200ms, liveness-interval: 300ms, answer-timeout: 500ms, relink-interval: 200ms, gossip-count: 2 }
      faults:
        - { at: 2s, stop: peer-3 }
        - { at: 3s, kill: { group: peer, count: 2 } }
      stop: { at: 12s }
      """
    private let silent = ["--set", "groups.peer.options.report-dead=false"]

    private func digest(of run: Invocation) throws -> String {
      let line = try #require(
        run.output.split(separator: "\n").first { $0.hasPrefix("digest ") }, "\(run.errors)")
      return String(line.dropFirst("digest ".count))
    }

    @Test("The same seed gives the same digest, another seed another, kept or not")
    func digests() async throws {
      let workspace = try Workspace()
      let file = try workspace.write(topology, to: "t.yaml")
      let first = try await workspace.run(["simulate", file, "--seed", "7"])
      #expect(first.status == 0, "\(first.output)\(first.errors)")
      #expect(first.output.contains("\n2.00s stop peer-3\n"))
      #expect(first.output.contains("\n12.00s stopping (planned)\ncompleted\n"))
      let runs = [
        try await workspace.run(["simulate", file, "--seed", "7", "--no-history"]),
        try await workspace.run(["simulate", file, "--seed", "8"]),
      ]
      let digests = try [digest(of: first)] + runs.map(digest)
      #expect(digests[0].count == 64)
      #expect(digests[0] == digests[1])
      #expect(digests[0] != digests[2])
      // The verdicts are the same too, and nothing was kept of the second.
      let verdicts = [first, runs[0]].map { run in
        run.output.split(separator: "\n").drop { !$0.hasPrefix("digest") }
      }
      // The digest, six checks, and how many of them passed.
      #expect(verdicts[0].count == 8)
      #expect(verdicts[0] == verdicts[1])
      #expect(workspace.runs.count == 2)
      #expect(try workspace.integer("SELECT count(*) FROM runs WHERE driver = 'simulated'") == 2)

      // A history that is rebuilt from the folder has the digest as well.
      try FileManager.default.removeItem(atPath: workspace.history)
      for folder in workspace.runs {
        #expect(try await workspace.run(["collect", folder]).status == 0)
      }
      let rebuilt = try Database(opening: workspace.history, mode: .readOnly)
        .text("SELECT group_concat(digest) FROM (SELECT digest FROM runs ORDER BY seed)")
      #expect(rebuilt == "\(digests[0]),\(digests[2])")
      #expect(try workspace.integer("SELECT count(*) FROM rejected_lines") == 0)
    }

    @Test("A run is repeated from its folder, and its verdicts are written as a report")
    func rerun() async throws {
      let workspace = try Workspace()
      let file = try workspace.write(topology, to: "t.yaml")
      let report = "\(workspace.folder)/report.xml"
      let first = try await workspace.run(
        ["simulate", file, "--seed", "7", "--set", "groups.peer.count=6"])
      let again = try await workspace.run(["rerun", "1", "--report", "junit=\(report)"])
      #expect(try digest(of: again) == digest(of: first))
      #expect(try String(contentsOfFile: report, encoding: .utf8).contains("<testcase name="))
      let place = try #require(workspace.runs.first)
      let folder = try await workspace.run(["rerun", place])
      #expect(try digest(of: folder) == digest(of: first))
      let runs = workspace.runs.count
      let refused = try await workspace.run(["rerun", place, "--report", "tap=\(report)/absent/x"])
      #expect(refused.status == 64)
      #expect(refused.errors.contains("there is no folder"), "\(refused.errors)")
      #expect(workspace.runs.count == runs)
    }

    @Test("Ctrl-C ends a simulation, which is recorded as interrupted and has no digest")
    func interruption() async throws {
      let workspace = try Workspace()
      let file = try workspace.write(topology, to: "t.yaml")
      let run = try workspace.start(
        ["simulate", file, "--set", "stop.at=160h", "--set", "groups.peer.options.gossip-count=0"])
      try await eventually("the run begins") { run.output.contains("stop peer-3") }
      run.signal(SIGINT)
      await run.end()
      #expect(run.status == 2, "\(run.output)\(run.errors)")
      #expect(!run.output.contains("digest"))
      #expect(
        try workspace.integer(
          "SELECT count(*) FROM runs WHERE outcome = 'interrupted' AND digest IS NULL") == 1)
    }

    @Test("An exploration names the seeds that fail with the command that replays them")
    func exploration() async throws {
      let workspace = try Workspace()
      let file = try workspace.write(topology, to: "t.yaml")
      let sound = try await workspace.explore([file, "--seeds", "1..4"])
      #expect(sound.status == 0, "\(sound.output)\(sound.errors)")
      #expect(sound.output.contains("\n4 seeds: 4 pass, 0 fail, 0 inconclusive, 0 error; "))

      let small = "\(workspace.folder)/small.yaml"
      let broken = try await workspace.explore(
        [file, "--seeds", "5..6", "--shrink", "--output", small] + silent)
      #expect(broken.status == 1, "\(broken.output)\(broken.errors)")
      let line = "seed 6: fail: dead-nodes-are-reported, seeds-agree-on-who-is-alive: "
      #expect(broken.output.contains(line), "\(broken.output)")
      // Each command that was printed fails as was said.
      let commands: [String] = broken.output.split(separator: "\n").compactMap { line in
        line.firstRange(of: "seedbed simulate ").map { String(line[$0.upperBound...]) }
      }
      #expect(commands.count == 3)
      for command in commands {
        let words: [String] = command.split(separator: " ").map(String.init)
        let run = try await workspace.run(["simulate"] + words + ["--no-history"])
        #expect(run.status == 1, "\(command): \(run.output)\(run.errors)")
        #expect(run.output.contains("✗  dead-nodes-are-reported"), "\(run.output)")
      }
      #expect(workspace.runs.isEmpty)
    }

    @Test("Ctrl-C ends an exploration with what is known, and leaves nothing in memory")
    func interruptedExploration() async throws {
      let workspace = try Workspace()
      let file = try workspace.write(topology, to: "t.yaml")
      let run = try workspace.startExploring([file, "--seeds", "1..1000000"] + silent)
      try await eventually("a seed fails") { run.output.contains("seed 1: fail") }
      run.signal(SIGINT)
      await run.end()
      #expect(run.status == 1, "\(run.output)\(run.errors)")
      #expect(run.output.contains("; interrupted, "))
      let scratch = try FileManager.default.contentsOfDirectory(atPath: "/dev/shm")
      #expect(!scratch.contains { $0.hasPrefix("seedbed-\(run.pid)-") })
    }

    @Test("Two simulations are compared to the first event that differs")
    func comparison() async throws {
      let workspace = try Workspace()
      let file = try workspace.write(topology, to: "t.yaml")
      for arguments in [["--seed", "7"], ["--seed", "7"], ["--seed", "7"] + silent] {
        let run = try await workspace.run(["simulate", file] + arguments)
        #expect(!(try digest(of: run)).isEmpty)
      }
      let same = try await workspace.run(["compare", "1", "2", "--events"])
      #expect(same.status == 0, "\(same.output)\(same.errors)")
      #expect(same.output.hasPrefix("the same "))
      let other = try await workspace.run(["compare", "1", "3", "--events"])
      #expect(other.status == 1)
      #expect(other.output.contains("\none    1767"), "\(other.output)")
      #expect(other.output.contains("\nother  1767"), "\(other.output)")

      let sides = try await workspace.run(["compare", "1", "last"])
      #expect(sides.status == 0, "\(sides.output)\(sides.errors)")
      let words = sides.output.split(separator: "\n").map {
        $0.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
      }
      #expect(words.contains { $0.prefix(3) == ["dead-nodes-are-reported", "pass", "fail"] })
      #expect(sides.output.contains("from a death to the first report"))

      let json = try await workspace.run(["compare", "1", "3", "--format", "json"])
      let sections = try #require(
        try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: [Any]])
      #expect(Set(sections.keys) == ["runs", "verdicts", "distributions", "events"])
    }

    @Test(
      "Bad input is refused with code 64 before anything is made",
      arguments: [
        (["explore", "T", "--seeds", "5..1"], "'5..1' is no value for --seeds"),
        (["explore", "T", "--seeds", "a"], "'a' is no value for --seeds"),
        (["explore", "T", "--jobs", "0"], "'0' is no value for --jobs"),
        (["explore", "T", "--set", "groups.peer.count=0"], "'count' takes"),
        (["explore", "absent.yaml"], "absent.yaml"),
        (["simulate", "T", "--networks", "absent"], "absent: there is no such folder"),
      ])
    func badInput(arguments: [String], message: String) async throws {
      let workspace = try Workspace()
      let file = try workspace.write(topology, to: "t.yaml")
      let run = try workspace.startExploring(arguments.map { $0 == "T" ? file : $0 }, command: [])
      await run.end()
      #expect(run.status == 64, "\(run.output)\(run.errors)")
      #expect(run.errors.contains(message), "\(run.errors)")
      #expect(workspace.runs.isEmpty)
    }

    @Test("Only simulations are compared event by event")
    func liveComparison() async throws {
      let workspace = try Workspace()
      let file = try workspace.write(topology, to: "t.yaml")
      _ = try await workspace.run(["simulate", file, "--no-checks"])
      _ = try await workspace.run([
        "spawn", "gossip", "--seeds", "1", "--peers", "2", "--for", "50ms",
      ])
      let run = try await workspace.run(["compare", "1", "2", "--events"])
      #expect(run.status == 64)
      #expect(run.errors.contains("run '2' is live"), "\(run.errors)")
      let sides = try await workspace.run(["compare", "1", "2"])
      #expect(sides.status == 0, "\(sides.errors)")
      #expect(sides.output.contains("simulated"))
      #expect(
        try await workspace.run(["compare", "1", "9"]).status == 64)
    }
  }
}
