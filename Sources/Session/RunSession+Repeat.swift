package import Checks
import History
package import Messages
import Participants
package import Supervisor
package import Topology

/// What came of one run.
package struct RunOutcome {
  /// The run's number; `nil` for one that could not be recorded.
  package var run: Int64?
  package var conclusion: SupervisorCore.Conclusion
  package var exitCode: ExitCode
  /// What the checks say; without findings where the run was not judged.
  package var report: Report?
  /// From the launch to the last verdict.
  package var took: Duration
}

extension RunSession {
  /// Runs a plan again and again, and tells how often each check did not pass.
  ///
  /// - Parameter make: makes the plan of the next run.
  /// - Throws: for what keeps a run from starting, or from being judged.
  package static func run(
    _ topology: TopologyFile, _ options: Options, times: Int64, _ make: () throws -> Plan
  ) throws -> ExitCode {
    var repetition = Repetition()
    var worst = ExitCode.success
    for turn in 1...times {
      let plan = try make()
      let outcome = try RunSession(plan: plan, topology: topology, options).run(isQuiet: true)
      say(outcome, seed: plan.seed, turn: "\(turn)/\(times)")
      worst = Self.worse(worst, outcome.exitCode)
      if outcome.conclusion.outcome == .interrupted { break }
      guard let report = outcome.report else { break }
      let isSound = outcome.conclusion.outcome == .completed
      repetition.add(report, failure: isSound ? nil : outcome.conclusion.reason)
    }
    try sum(repetition, options)
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
  private static func sum(_ repetition: Repetition, _ options: Options) throws {
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
    guard let report = repetition.report else { return }
    for file in options.reports { try file.write(report) }
  }
}
