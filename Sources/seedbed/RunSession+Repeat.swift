import Arguments
import Checks
import History
import Participants
import Supervisor
import Topology

/// What came of one run.
struct RunOutcome {
  /// The run's number; `nil` for one that could not be recorded.
  var run: Int64?
  var conclusion: SupervisorCore.Conclusion
  var exitCode: ExitCode
  /// What the checks say; without findings where the run was not judged.
  var report: Report?
  /// From the launch to the last verdict.
  var took: Duration
}

extension RunSession {
  /// Runs a plan once, or as often as `--repeat` says.
  ///
  /// - Parameter make: makes the plan from a seed. Without `--seed` each run has one of its own.
  static func run(
    _ topology: TopologyFile, _ arguments: ParsedArguments, _ make: (UInt64) throws -> Plan
  ) throws -> ExitCode {
    let session = try RunSession(plan: make(arguments.seed), topology: topology, arguments)
    guard let times = arguments.integer("repeat") else { return try session.run().exitCode }
    var repetition = Repetition()
    var worst = ExitCode.success
    for turn in 1...times {
      let plan = turn == 1 ? session.plan : try make(arguments.seed)
      let outcome = try RunSession(plan: plan, topology: topology, arguments).run(isQuiet: true)
      say(outcome, seed: plan.seed, turn: "\(turn)/\(times)")
      worst = Self.worse(worst, outcome.exitCode)
      if outcome.conclusion.outcome == .interrupted { break }
      guard let report = outcome.report else { break }
      let isSound = outcome.conclusion.outcome == .completed
      repetition.add(report, failure: isSound ? nil : outcome.conclusion.reason)
    }
    try sum(repetition, arguments)
    return worst
  }

  private static func worse(_ one: ExitCode, _ other: ExitCode) -> ExitCode {
    let ranks: [ExitCode] = [.success, .inconclusive, .failed, .error, .usage]
    return ranks.last { $0 == one || $0 == other } ?? one
  }

  private static func say(_ outcome: RunOutcome, seed: UInt64, turn: String) {
    let others = (outcome.report?.findings ?? []).filter { $0.judgement.exitCode != .success }
    let checks = others.map { "\($0.judgement.check.name): \($0.judgement.verdict.rawValue)" }
    var words = checks.isEmpty ? [outcome.conclusion.outcome.rawValue] : checks
    if let findings = outcome.report?.findings, findings.map(\.judgement).judgedNothing {
      words.append("nothing was judged")
    }
    let number = outcome.run.map { "run \($0)" } ?? "not recorded"
    let seconds = RunDisplay.seconds(Microseconds(outcome.took.microseconds))
    Terminal.say(
      "\(turn)  \(number)  seed \(seed)  \(seconds)s  \(words.joined(separator: ", "))\n")
  }

  /// Shows how often each check did not pass.
  private static func sum(_ repetition: Repetition, _ arguments: ParsedArguments) throws {
    let verdicts = [Verdict.pass, .fail, .inconclusive, .error, .notAsked]
    let columns =
      ["check"] + verdicts.map { $0.rawValue.replacing(" ", with: "_") } + ["flake_rate_percent"]
    var output = StandardOutput()
    output.write("\n")
    var writer = ResultWriter(.table, columns: columns, to: output, look: .output)
    for tally in repetition.tallies {
      let counts = verdicts.map { SQLValue.integer(Int64(tally.count($0))) }
      writer.add([.text(tally.name)] + counts + [.real((tally.flakeRate * 100).rounded() / 100)])
    }
    try writer.finish().finish()
    if let report = repetition.report { try ReportFile.write(arguments, report) }
  }
}

extension Option {
  static let repetitions = Option(
    "repeat", .integer("N", 1...100_000),
    "Run it so many times, and tell how often each check did not pass. Without --seed each run has a "
      + "random one of its own.")
}
