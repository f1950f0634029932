import Checks
import Clock
import Exploration
import History
package import Messages
import NetworkFolders
import Networks
import Participants
import Simulator
import Supervisor
import Topology

extension RunSession {
  /// Runs the plan in virtual time, and judges it.
  ///
  /// - Throws: where it cannot be recorded or judged.
  package func simulate() throws -> ExitCode {
    let scratch = options.isKept ? nil : try ScratchFolder()
    return try withExtendedLifetime(scratch) {
      try simulate(
        in: scratch.map { RunPlaces(logs: $0.path, history: $0.history) } ?? options.places)
    }
  }

  private func simulate(in places: RunPlaces) throws -> ExitCode {
    Interruption.watch()
    let folder = try makeFolder(
      driver: "simulated", in: places.logs, history: places.history, made: .now,
      launched: Simulation.launch)
    let display = RunDisplay(plan)
    let title = options.isKept ? "simulated run \(folder.name)" : "simulation"
    display.start("\(title): \(counted(plan.nodes.count, "node")), seed \(plan.seed)")
    let simulated: SimulatedRun
    do {
      simulated = try SimulatedRun(
        plan, roles: Networks.roles, version: Version.current, folder: folder,
        history: places.history, kinds: options.isKept ? nil : try neededKinds(),
        observer: display, isInterrupted: { Interruption.hasCome })
    } catch {
      // The seed gives it again.
      folder.remove()
      throw error
    }
    let conclusion = simulated.outcome.conclusion
    display.clear()
    display.finish(
      conclusion, recorded: options.isKept ? "run \(simulated.run) in \(places.history)" : nil,
      events: simulated.events, rejected: simulated.rejected)
    report(conclusion, in: folder)
    if conclusion.outcome == .interrupted {
      Terminal.complain("interrupted: what was simulated is no measure of what the seed gives")
    } else {
      Terminal.say("digest \(simulated.outcome.digest)\n")
    }
    let judged = try judge(conclusion, run: simulated.run, history: places.history)
    return exitCode(conclusion, verdicts: judged.verdicts)
  }

  /// The kinds of events that the checks may read; `nil` for all.
  private func neededKinds() throws -> Set<String>? {
    let views = try Views(plan.networkFolder.map { [NetworkFolder($0)] } ?? [])
    return NeededKinds.forChecks(checks?.map(\.text) ?? [], views: views)
  }
}
