import Foundation
import Glibc
import SeedbedTesting
import Testing

extension RunTests {
  @Suite("Signals to a run")
  struct SignalTests {
    private let topology = """
      network: gossip
      groups:
        seed: { count: 1 }
        peer:
          count: 2
          after: seed
          options: { gossip-count: 10000, gossip-interval: 100ms, gossip-delay: 100ms }
      stop: { at: 60s }
      """

    private func started(_ workspace: Workspace) async throws -> Invocation {
      let file = try workspace.write(topology, to: "t.yaml")
      let run = try workspace.start(["run", file, "--no-checks"])
      try await eventually("the run begins: \(run.errors)") {
        run.output.contains("all nodes are ready")
      }
      return run
    }

    @Test("SIGQUIT kills the nodes at once, and the run is recorded as interrupted")
    func quit() async throws {
      let workspace = try Workspace()
      let run = try await started(workspace)
      run.signal(SIGQUIT)
      #expect(await run.end() == 2)
      #expect(run.output.contains("interrupted: had to be killed at the end: "), "\(run.output)")
      #expect(!run.errors.contains("rash"), "\(run.errors)")
      #expect(workspace.processes.isEmpty)
      #expect(
        try workspace.integer("SELECT count(*) FROM nodes WHERE ended_t > 0 AND NOT unexpected")
          == 3)
      #expect(try workspace.integer("SELECT count(*) FROM runs WHERE outcome = 'interrupted'") == 1)
    }

    @Test(
      "Whatever else would end the supervisor ends the run in order",
      arguments: [SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU, SIGPWR, SIGHUP])
    func others(number: Int32) async throws {
      let workspace = try Workspace()
      let run = try await started(workspace)
      run.signal(number)
      #expect(await run.end() == 2, "\(run.output)\(run.errors)")
      #expect(run.output.contains("stopping (interrupted)"))
      #expect(workspace.processes.isEmpty)
      // Of each node: in order, so with its last word.
      #expect(
        try workspace.integer("SELECT count(*) FROM events WHERE kind = 'node.stopped'") == 3)
    }

    @Test("A supervisor that was stopped and goes on says so, and the run comes to its end")
    func stopped() async throws {
      let workspace = try Workspace()
      let run = try await started(workspace)
      let log = "\(try #require(workspace.runs.first))/peer-1.ndjson"
      func sent() throws -> Int {
        try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
          .count { $0.contains("\"gossip.sent\"") }
      }
      try await eventually("texts are sent") { try sent() > 0 }
      run.signal(SIGSTOP)
      // The nodes go on: 40 texts are four seconds.
      let before = try sent()
      try await eventually("more texts are sent") { try sent() >= before + 40 }
      run.signal(SIGCONT)
      try await eventually("it is said") {
        run.output.contains("the nodes ran while it was stopped, for up to ")
      }
      let stop = try await workspace.run(["stop", "last"])
      #expect(stop.status == 0, "\(stop.errors)")
      #expect(await run.end() == 0, "\(run.output)\(run.errors)")
      #expect(
        try workspace.integer(
          "SELECT count(*) FROM events WHERE kind = 'run.continued' AND data ->> 'idle' > 2500000")
          == 1)
    }

    @Test("SIGQUIT ends a node that somebody has started, and a simulation, without a word")
    func quitOthers() async throws {
      let workspace = try Workspace()
      let bin = workspace.executable.split(separator: "/").dropLast().joined(separator: "/")
      let node = try Invocation(
        "/\(bin)/seedbed-node", ["gossip-seed", "--listen", "127.0.0.1:0"],
        folder: workspace.folder)
      try await eventually("the node is ready") { node.output.contains("node.ready") }
      node.signal(SIGQUIT)
      #expect(await node.end() == 128 + SIGQUIT)
      #expect(node.errors == "")

      let file = try workspace.write(topology, to: "t.yaml")
      let simulation = try workspace.start(["simulate", file, "--set", "stop.at=100h"])
      try await eventually("the simulation begins") { simulation.output.contains("seed") }
      simulation.signal(SIGQUIT)
      #expect(await simulation.end() == 128 + SIGQUIT)
      #expect(simulation.errors == "")
    }
  }
}
