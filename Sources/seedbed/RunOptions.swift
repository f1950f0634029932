import Arguments
import Messages
import Session
import Topology

/// What the commands that run something have in common.
extension RunSession {
  static let options: [Option] = [
    .set, .seed, .logs, .history, .networks, .report, .noChecks,
  ]
  static let liveOptions = options + [.repetitions, .boundTo]

  /// Runs a plan once, or as often as `--repeat` says.
  ///
  /// - Parameter make: makes the plan from a seed. Without `--seed` each run has one of its own.
  static func run(
    _ topology: TopologyFile, _ arguments: ParsedArguments, _ make: (UInt64) throws -> Plan
  ) throws -> ExitCode {
    let options = try arguments.runOptions()
    if let times = arguments.integer("repeat") {
      return try run(topology, options, times: times) { try make(arguments.seed) }
    }
    return try RunSession(plan: make(arguments.seed), topology: topology, options).run().exitCode
  }
}

extension ParsedArguments {
  /// What the command line wants of a run.
  ///
  /// - Parameter again: the command that runs the same again; `nil` for a run that is recorded.
  func runOptions(again: [String]? = nil) throws -> RunSession.Options {
    if has("no-checks"), has("report") {
      throw UsageError(
        "--report tells what checks say, and with --no-checks none does: leave one out")
    }
    var options = RunSession.Options(
      places: places,
      hints: hints(again: again.map { $0 + (has("no-history") ? ["--no-history"] : []) }))
    options.overrides = all("set")
    options.networks = try networks
    options.isJudged = !has("no-checks")
    options.isKept = !has("no-history")
    options.reports = reports
    options.owner = integer("bound-to").map { Int32($0) }
    return options
  }
}
