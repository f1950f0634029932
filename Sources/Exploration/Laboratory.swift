package import Checks
import History
package import Messages
package import Participants
import Simulator
package import Supervisor
package import Topology

/// Simulates plans and judges them without keeping anything. It can be used by several threads.
package struct Laboratory: Sendable {
  private let roles: [Role]
  private let checks: [Check]
  private let kinds: Set<String>?
  private let isInterrupted: @Sendable () -> Bool

  package init(
    roles: [Role], checks: [Check], isInterrupted: @escaping @Sendable () -> Bool = { false }
  ) {
    self.roles = roles
    self.checks = checks
    self.isInterrupted = isInterrupted
    kinds = NeededKinds.forChecks(checks.map(\.text))
  }

  /// What became of one plan.
  package struct Trial: Sendable {
    package var conclusion: SupervisorCore.Conclusion
    package var judgements: [Judgement]
    package var digest: String
    /// Whether the plan names its checks.
    var namesChecks: Bool
    /// In virtual time.
    package var lasted: Microseconds

    /// The names of the checks that failed it.
    package var failures: [String] {
      judgements.filter { $0.verdict == .fail && $0.exitCode != .success }.map(\.check.name)
    }

    package var exitCode: ExitCode {
      switch conclusion.outcome {
      case .completed: judgements.exitCode(areNamed: namesChecks)
      case .interrupted: .inconclusive
      case .failed: judgements.contains { $0.exitCode == .error } ? .error : .failed
      }
    }
  }

  package var wasInterrupted: Bool { isInterrupted() }

  /// Simulates a plan and judges it, in a folder that is gone afterwards.
  ///
  /// - Throws: ``SimulationError`` or `SupervisorError` where it cannot be written or collected.
  package func examine(_ plan: Plan) throws -> Trial {
    let scratch = try ScratchFolder()
    // The folder has to outlive everything that is open in it.
    return try withExtendedLifetime(scratch) {
      let folder = try LiveRunFolder(
        in: scratch.path, network: plan.network, launched: Simulation.launch)
      let manifest = RunManifest(
        name: folder.name, network: plan.network, driver: "simulated", topology: "",
        version: Version.current, launched: Microseconds(Simulation.launch.microseconds),
        plan: plan)
      try folder.write(manifest, topology: "")
      let simulated = try SimulatedRun(
        plan, roles: roles, version: Version.current, folder: folder, history: scratch.history,
        kinds: kinds, isInterrupted: isInterrupted)
      let conclusion = simulated.outcome.conclusion
      var trial = Trial(
        conclusion: conclusion, judgements: [], digest: simulated.outcome.digest,
        namesChecks: plan.checks != nil, lasted: simulated.outcome.lasted)
      if conclusion.began, conclusion.outcome != .interrupted {
        trial.judgements = try Judge(scratch.history, run: simulated.run).judge(checks)
      }
      return trial
    }
  }

  /// A topology read from its text, as `seedbed simulate` would; `nil` when it is not valid.
  func topology(_ text: String) -> Topology? {
    try? Topology(TopologyFile(path: "", text: text), roles: roles, checks: nil)
  }
}
