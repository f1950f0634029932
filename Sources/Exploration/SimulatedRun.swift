import History
package import Participants
package import Simulator
package import Supervisor
package import Topology

/// A simulation whose events have been brought into a history.
package struct SimulatedRun {
  package var outcome: Simulation.Outcome
  /// The run's number in the history.
  package var run: Int64
  package var events: Int
  package var rejected: Int

  /// Simulates a plan and collects its events.
  ///
  /// - Parameters:
  ///   - folder: the run's folder, which has its plan already.
  ///   - kinds: the kinds of events that are kept; `nil` for all.
  package init(
    _ plan: Plan, roles: [Role], version: String, folder: LiveRunFolder, history: String,
    kinds: Set<String>? = nil, observer: (any RunObserver)? = nil,
    isInterrupted: () -> Bool = { false }
  ) throws {
    let logs = LogFiles(folder: folder.path)
    let sink: any EventSink = kinds.map { NeededEvents($0, to: logs) } ?? logs
    outcome = Simulation(plan: plan, roles: roles, version: version, sink: sink)
      .run(observer: observer, isInterrupted: isInterrupted)
    logs.flush()
    if let failure = logs.failure { throw SimulationError(failure) }
    var collector = try Collector(folder: RunFolder(folder.path), history: history)
    let ending = try collector.finish()
    guard ending.isComplete else {
      throw SimulationError(ending.remarks.joined(separator: "; "))
    }
    run = collector.run
    events = ending.progress.lines
    rejected = ending.progress.rejected
  }
}
