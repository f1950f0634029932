import Arguments
import Checks
import Glibc
import History
import NetworkFolders
import Networks
import Participants
import Supervisor
import Topology

/// One run from its plan to its exit code: what `run`, `spawn` and `simulate` share.
struct RunSession {
  static let options: [Option] = [
    .set, .seed, .logs, .history, .networks, .report, .noChecks,
  ]
  static let liveOptions = options + [.repetitions, .boundTo]

  /// What each role, by full name, does with the list of seeds.
  static let seedLists = Dictionary(
    Networks.roles.map { ($0.fullName, $0.seedList) }, uniquingKeysWith: { first, _ in first })

  let plan: Plan
  let arguments: ParsedArguments
  private let topology: TopologyFile
  /// What judges the run; `nil` where nothing is to.
  let checks: [Check]?

  /// Validates what the command line asks for; nothing has started yet.
  init(plan: Plan, topology: TopologyFile, _ arguments: ParsedArguments) throws {
    self.plan = plan
    self.topology = topology
    self.arguments = arguments
    if arguments.has("no-checks"), arguments.has("report") {
      throw UsageError(
        "--report tells what checks say, and with --no-checks none does: leave one out")
    }
    try ReportFile.check(arguments)
    let network = plan.networkFolder.map { NetworkFolder($0) }
    checks =
      arguments.has("no-checks")
      ? nil
      : try CheckLibrary(arguments.networks)
        .checks(plan.checks, network: plan.network, folder: network)
    // Nobody is to wait for a run to learn of a slip in their own SQL.
    if let network { try ReadOnlyHistory.empty(network).check(checks ?? []) }
  }

  /// Reads a topology with the command line's changes, and further ones.
  static func topology(
    _ file: TopologyFile, _ arguments: ParsedArguments, overrides: [String] = [],
    isSimulated: Bool = false
  ) throws -> Topology {
    try Topology(
      file, overrides: arguments.all("set") + overrides, roles: Networks.roles,
      networks: arguments.networks,
      checks: arguments.has("no-checks") ? nil : { $0?.names(of: .checks) ?? [] },
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
    try ReportFile.write(arguments, report)
    var output = StandardOutput()
    output.write(
      try judge.report(
        judgements, hints: hints(judgements, by: judge, run: run),
        paint: Terminal.output.painted))
    do {
      try output.finish()
    } catch let error as OutputError where error.code == EPIPE {
      // Whoever read has gone; the verdicts are in the history.
    }
  }

  /// How to run the same again, and to look closer where it was recorded.
  private func hints(
    _ judgements: [Judgement], by judge: borrowing Judge, run: Int64
  ) throws -> [String] {
    let hints = Hints(arguments)
    let isKept = !arguments.has("no-history")
    // Only 'simulate' has a topology and no other driver: what it does follows from the seed.
    let simulation =
      arguments.command.name == "simulate"
      ? hints.simulation(of: topology.path) + ["--seed", "\(plan.seed)"] : nil
    if isKept { return try hints.lines(judgements, by: judge, run: run, again: simulation) }
    let again = simulation ?? ["seedbed", "rerun", arguments["RUN"] ?? "last"] + hints.places
    return [hints.line(again: again + ["--no-history"])]
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
