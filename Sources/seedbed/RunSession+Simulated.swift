import Arguments
import Checks
import Clock
import Exploration
import History
import NetworkFolders
import Networks
import Participants
import Simulator
import Supervisor
import Topology

extension RunSession {
  /// Runs the plan in virtual time.
  func simulate() throws -> ExitCode {
    let scratch = arguments.has("no-history") ? try ScratchFolder() : nil
    return try withExtendedLifetime(scratch) {
      try simulate(
        logs: scratch?.path ?? arguments.logs, history: scratch?.history ?? arguments.history,
        isKept: scratch == nil)
    }
  }

  private func simulate(logs: String, history: String, isKept: Bool) throws -> ExitCode {
    Interruption.watch()
    let folder = try makeFolder(
      driver: "simulated", in: logs, history: history, made: .now, launched: Simulation.launch)
    let display = RunDisplay(plan)
    let title = isKept ? "simulated run \(folder.name)" : "simulation"
    display.start("\(title): \(counted(plan.nodes.count, "node")), seed \(plan.seed)")
    let simulated: SimulatedRun
    do {
      simulated = try SimulatedRun(
        plan, roles: Networks.roles, version: Version.current, folder: folder, history: history,
        kinds: isKept ? nil : try neededKinds(), observer: display,
        isInterrupted: { Interruption.hasCome })
    } catch {
      // The seed gives it again.
      folder.remove()
      throw error
    }
    let conclusion = simulated.outcome.conclusion
    display.clear()
    display.finish(
      conclusion, recorded: isKept ? "run \(simulated.run) in \(history)" : nil,
      events: simulated.events, rejected: simulated.rejected)
    report(conclusion, in: folder)
    if conclusion.outcome == .interrupted {
      Terminal.complain("interrupted: what was simulated is no measure of what the seed gives")
    } else {
      Terminal.say("digest \(simulated.outcome.digest)\n")
    }
    let judged = try judge(conclusion, run: simulated.run, history: history)
    return exitCode(conclusion, verdicts: judged.verdicts)
  }

  /// The kinds of events that the checks may read; `nil` for all.
  private func neededKinds() throws -> Set<String>? {
    let views = try Views(plan.networkFolder.map { [NetworkFolder($0)] } ?? [])
    return NeededKinds.forChecks(checks?.map(\.text) ?? [], views: views)
  }
}
