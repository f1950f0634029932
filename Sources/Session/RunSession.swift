import Checks
import Glibc
import History
import Messages
package import NetworkFolders
import Networks
package import Participants
import Supervisor
package import Topology

/// One run from its plan to its exit code, whichever command it is for.
package struct RunSession {
  /// What may be wanted of a run besides its topology.
  package struct Options: Sendable {
    package var places: RunPlaces
    /// Changes of the topology, `KEY=VALUE`.
    package var overrides: [String] = []
    /// Where networks are looked for.
    package var networks = NetworkFolders.found
    package var isJudged = true
    /// Whether the events stay, rather than for as long as they are judged.
    package var isKept = true
    package var reports: [ReportFile] = []
    /// The process whose end ends the run; `nil`: none.
    package var owner: Int32?
    package var hints: Hints

    package init(places: RunPlaces, hints: Hints) {
      self.places = places
      self.hints = hints
    }
  }

  /// What each role, by full name, does with the list of seeds.
  package static let seedLists = Dictionary(
    Networks.roles.map { ($0.fullName, $0.seedList) }, uniquingKeysWith: { first, _ in first })

  package let plan: Plan
  let options: Options
  private let topology: TopologyFile
  /// What judges the run; `nil` where nothing is to.
  let checks: [Check]?

  /// Validates what is wanted; nothing has started yet.
  ///
  /// - Throws: `UsageError` for a report that cannot be written, `CheckError` for a check that is
  ///   missing or not well formed, and whatever is wrong with the views of a network of the user's own.
  package init(plan: Plan, topology: TopologyFile, _ options: Options) throws {
    self.plan = plan
    self.topology = topology
    self.options = options
    for report in options.reports { try report.check() }
    let network = plan.networkFolder.map { NetworkFolder($0) }
    checks =
      options.isJudged
      ? try CheckLibrary(options.networks)
        .checks(plan.checks, network: plan.network, folder: network) : nil
    // Nobody is to wait for a run to learn of a slip in their own SQL.
    if let network { try ReadOnlyHistory.empty(network).check(checks ?? []) }
  }

  /// Reads a topology with the changes that are wanted, and further ones.
  ///
  /// - Throws: `TopologyError` for whatever is wrong with it.
  package static func topology(
    _ file: TopologyFile, _ options: Options, overrides: [String] = [],
    isSimulated: Bool = false
  ) throws -> Topology {
    try Topology(
      file, overrides: options.overrides + overrides, roles: Networks.roles,
      networks: options.networks, checks: options.isJudged ? { $0?.names(of: .checks) ?? [] } : nil,
      isSimulated: isSimulated, programs: !isSimulated)
  }

  /// Makes the run's folder with its plan, when the history can be written too.
  ///
  /// - Parameters:
  ///   - made: what the folder's name says.
  ///   - launched: by the clock of the run, which may be a virtual one.
  func makeFolder(
    driver: String, in logs: String, history: String, made: Instant, launched: Instant
  ) throws -> LiveRunFolder {
    let folder = try LiveRunFolder(in: logs, network: plan.network, launched: made)
    let manifest = RunManifest(
      name: folder.name, network: plan.network, driver: driver, topology: topology.path,
      version: Version.current, launched: Microseconds(launched.microseconds), plan: plan)
    do {
      try folder.write(manifest, topology: topology.text)
      if let network = plan.networkFolder {
        try NetworkFolder(network).copy(to: RunFolder.networkCopy(in: folder.path))
      }
      try History.open(history).checkIfSmall()
    } catch {
      folder.remove()
      throw error
    }
    return folder
  }

  /// Says why a run did not succeed, with the last words of the nodes that are to blame.
  func report(_ conclusion: SupervisorCore.Conclusion, in folder: LiveRunFolder) {
    guard conclusion.outcome == .failed else { return }
    var message = "run \(folder.name) failed: \(conclusion.reason)"
    for node in conclusion.blamed.prefix(3) {
      let lines = folder.lastOutput(of: node, lines: 5)
      if lines.isEmpty { continue }
      message += "\n\(node) said:" + lines.map { "\n  \($0)" }.joined()
    }
    Terminal.complain(message)
  }

  /// Judges a run that came to its planned stop, or failed on the way there.
  ///
  /// - Parameter isQuiet: whether to write and print nothing.
  func judge(
    _ conclusion: SupervisorCore.Conclusion, run: Int64, history: String, isQuiet: Bool = false
  ) throws -> (verdicts: ExitCode, report: Report) {
    let judge = try Judge(history, run: run)
    // What could not be logged would be missed.
    guard let checks, conclusion.began, conclusion.outcome != .interrupted,
      !conclusion.storageFailed
    else {
      return (.success, try judge.report([]))
    }
    let judgements = judge.judge(checks)
    try judgements.store(run: run, history: history)
    let report = try judge.report(judgements)
    if !isQuiet { try show(judgements, by: judge, run: run, report) }
    return (judgements.exitCode(areNamed: plan.checks != nil), report)
  }

  private func show(
    _ judgements: [Judgement], by judge: borrowing Judge, run: Int64, _ report: Report
  ) throws {
    for file in options.reports { try file.write(report) }
    var output = StandardOutput()
    output.write(
      try judge.report(
        judgements,
        hints: options.isKept
          ? options.hints.lines(judgements, by: judge, run: run) : options.hints.lines(run: run),
        paint: Terminal.output.painted))
    do {
      try output.finish()
    } catch let error as OutputError where error.code == EPIPE {
      // Whoever read has gone; the verdicts are in the history.
    }
  }

  /// A run that was interrupted is never a success: too little may have been seen.
  func exitCode(
    _ conclusion: SupervisorCore.Conclusion, verdicts: ExitCode
  ) -> ExitCode {
    switch conclusion.outcome {
    case .completed: verdicts
    case .interrupted: .inconclusive
    case .failed where conclusion.storageFailed: .error
    case .failed where conclusion.launchFailure == .code(ExitCode.usage.rawValue): .usage
    case .failed: verdicts == .error ? .error : .failed
    }
  }
}
