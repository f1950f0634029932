import Clock
import History
import Messages
import Participants
import Supervisor
import Topology

extension RunSession {
  /// Runs the plan with real processes.
  ///
  /// - Parameter isQuiet: whether to say nothing but what goes wrong.
  /// - Throws: for what keeps it from starting, or from being judged.
  package func run(isQuiet: Bool = false) throws -> RunOutcome {
    AbandonedRun.settleAll(in: options.places)
    let places = options.places
    let clock = ContinuousClock()
    let start = clock.now
    let command = try NodeCommand()
    let stopRequest = try StopRequest()
    let launched = Instant.now
    let folder = try makeFolder(
      driver: "live", in: places.logs, history: places.history, made: launched,
      launched: launched)
    let display = RunDisplay(plan, isQuiet: isQuiet)
    let supervisor: Supervisor
    do {
      supervisor = try Supervisor(
        plan: plan, seedLists: Self.seedLists, folder: folder, command: command,
        stopRequest: stopRequest, owner: options.owner,
        observer: display)
    } catch {
      folder.remove()
      throw error
    }
    // Whoever asked it to stop sees by its end that all is done.
    defer { withExtendedLifetime(supervisor) {} }
    let collector = CollectorThread(
      folder: folder.path, history: places.history, stopRequest: stopRequest)
    display.start("run \(folder.name): \(counted(plan.nodes.count, "node")), seed \(plan.seed)") {
      collector.events
    }
    let conclusion = try supervisor.run()
    let recorded: CollectorThread.Result
    do {
      recorded = try collector.finish { display.showRecording() }
    } catch {
      display.clear()
      report(conclusion, in: folder)
      // Mostly it is what stopped the run, and said already.
      let message = "cannot record the run: \(error)"
      if !conclusion.reason.contains(message) { Terminal.complain(message) }
      Terminal.complain("the logs are kept: record them with 'seedbed collect \(folder.path)'")
      return RunOutcome(
        conclusion: conclusion, exitCode: .error, took: clock.now - start)
    }
    display.clear()
    display.finish(
      conclusion, recorded: "run \(recorded.run) in \(places.history)", events: recorded.events,
      rejected: recorded.rejected)
    report(conclusion, in: folder)
    for remark in recorded.ending.remarks { Terminal.complain(remark) }
    guard recorded.ending.isComplete else {
      Terminal.complain("the logs are kept: record them with 'seedbed collect \(folder.path)'")
      return RunOutcome(
        run: recorded.run, conclusion: conclusion, exitCode: .error, took: clock.now - start)
    }
    if conclusion.outcome == .interrupted {
      Terminal.complain("interrupted: 'seedbed check \(recorded.run)' judges what there is")
    }
    let judged = try judge(
      conclusion, run: recorded.run, history: places.history, isQuiet: isQuiet)
    return RunOutcome(
      run: recorded.run, conclusion: conclusion,
      exitCode: exitCode(conclusion, verdicts: judged.verdicts), report: judged.report,
      took: clock.now - start)
  }
}
