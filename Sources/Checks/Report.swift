package import Foundation
internal import History

/// What a report of any format says: of which run, and of each check its verdict and, where rows are
/// violations, what they are and the log lines around them.
package struct Report: Sendable {
  /// A form that other programs read.
  package enum Format: String, CaseIterable, Sendable {
    case junit
    case tap
    case github
    case markdown
  }

  package struct Finding: Sendable {
    package var judgement: Judgement
    /// Lines of plain text; empty where no row is a violation.
    package var details: [String]
  }

  package var run: String
  package var network: String
  /// `live` or `simulated`.
  package var driver: String
  package var seed: String
  /// The topology's path as it was given.
  package var topology: String
  package var launched: Date
  package var seconds: Double
  package var findings: [Finding]

  /// The command that repeats the run, where its folder is.
  package var replay: String { "seedbed rerun \(run)" }

  /// The report in a format.
  package func text(_ format: Format) -> String {
    switch format {
    case .junit: junit
    case .tap: tap
    case .github: github
    case .markdown: markdown
    }
  }

  func count(_ outcome: Outcome) -> Int { findings.count { $0.outcome == outcome } }
}

extension Report {
  /// What a judgement means to a program that knows tests.
  enum Outcome {
    case passed
    /// A warning that was violated, or could not be judged: to be told, and no more.
    case warned
    /// There was too little to judge, or the host was too busy: neither passed nor failed.
    case skipped
    /// By the plan there was nothing to judge.
    case notAsked
    case failed
    /// The check itself did not work.
    case broken
  }
}

extension Report.Finding {
  /// Lines of details that a report carries for one check, and characters of a line.
  private static let mostLines = 60
  private static let longestLine = 400

  var outcome: Report.Outcome {
    switch (judgement.verdict, judgement.check.severity) {
    case (.pass, _): .passed
    case (.error, _): .broken
    case (.notAsked, _): .notAsked
    case (_, .warning): .warned
    case (.inconclusive, .error): .skipped
    case (.fail, .error): .failed
    }
  }

  var name: String { judgement.check.name }

  /// The verdict and why, in one line.
  var message: String { "\(judgement.verdict.rawValue): \(judgement.reason)".printable() }

  /// What it promises, and what was found: no longer than a reader of reports takes.
  var lines: [String] {
    let all = [judgement.check.promise] + details
    let shown = all.prefix(Self.mostLines).map { line in
      line.count <= Self.longestLine ? line : line.prefix(Self.longestLine - 1) + "…"
    }
    let others = all.count - shown.count
    return shown + (others > 0 ? ["… and \(others) more lines"] : [])
  }
}

extension Judge {
  /// Puts verdicts together with the facts of the run.
  ///
  /// - Throws: `HistoryError` or `DatabaseError` where the history cannot be read.
  package func report(_ judgements: [Judgement]) throws -> Report {
    let statement = try history.database.prepare(
      """
      SELECT name, network, driver, printf('%u', seed), topology, launched_t / 1e6,
        (coalesce(ended_t, stopping_t, launched_t) - launched_t) / 1e6 FROM runs
      """)
    guard try statement.step() else { throw HistoryError("there is no such run") }
    return Report(
      run: statement.text(at: 0) ?? "", network: statement.text(at: 1) ?? "",
      driver: statement.text(at: 2) ?? "", seed: statement.text(at: 3) ?? "",
      topology: statement.text(at: 4) ?? "",
      launched: Date(timeIntervalSince1970: statement.value(at: 5).seconds),
      seconds: statement.value(at: 6).seconds,
      findings: try judgements.map { judgement in
        Report.Finding(judgement: judgement, details: try details(of: judgement).map(\.text))
      })
  }
}

extension SQLValue {
  fileprivate var seconds: Double {
    switch self {
    case .real(let seconds): seconds
    case .integer(let seconds): Double(seconds)
    case .null, .text, .blob: 0
    }
  }
}
