internal import History
internal import Messages

/// What many runs of one topology say of each check: how often it did not pass.
package struct Repetition: Sendable {
  /// The name under which the runs themselves are counted beside the checks.
  private static let runsThemselves = "every-run-is-sound"

  /// One check over all runs.
  package struct Tally: Sendable {
    package var name: String
    package fileprivate(set) var counts: [Verdict: Int] = [:]
    /// The first of the worst.
    fileprivate var worst: Report.Finding

    package var runs: Int { counts.values.reduce(0, +) }

    /// Of 100 runs, those in which it failed or did not work.
    package var flakeRate: Double {
      Double(count(.fail) + count(.error)) * 100 / Double(max(1, runs))
    }

    /// In how many runs it had this verdict.
    package func count(_ verdict: Verdict) -> Int { counts[verdict] ?? 0 }

    fileprivate mutating func add(_ finding: Report.Finding) {
      let verdict = finding.judgement.verdict
      counts[verdict, default: 0] += 1
      if verdict.rank > worst.judgement.verdict.rank { worst = finding }
    }

    /// The worst finding, with how often there were such.
    fileprivate var summary: Report.Finding {
      var finding = worst
      let verdict = finding.judgement.verdict
      finding.judgement.reason =
        "\(count(verdict)) of \(counted(runs, "run")); \(finding.judgement.reason)"
      return finding
    }
  }

  /// In the order of the checks, the runs themselves first.
  package private(set) var tallies: [Tally] = []
  private var first: Report?
  private var failing: Report?

  package init() {}

  /// Adds a run, by its report; one that was not judged has no findings.
  ///
  /// - Parameter failure: why the run was not sound, in words; `nil` for one that came to its end.
  package mutating func add(_ report: Report, failure: String?) {
    first = first ?? report
    add(
      Report.Finding(
        judgement: Judgement(
          check: Check(
            name: Self.runsThemselves, promise: "Every run begins and comes to its planned end.",
            networks: [], severity: .error, leastWitnesses: 1, tooFew: "", file: "", text: ""),
          verdict: failure == nil ? .pass : .fail, reason: failure ?? "1 run"),
        details: []))
    for finding in report.findings { add(finding) }
    let isBad = failure != nil || report.findings.contains { $0.judgement.exitCode != .success }
    if isBad { failing = failing ?? report }
  }

  private mutating func add(_ finding: Report.Finding) {
    if let index = tallies.firstIndex(where: { $0.name == finding.name }) {
      tallies[index].add(finding)
    } else {
      var tally = Tally(name: finding.name, worst: finding)
      tally.add(finding)
      tallies.append(tally)
    }
  }

  /// One report of all runs: each check as it was at its worst, with how often, and the facts of the
  /// first run that was not all right. `nil` without runs.
  package var report: Report? {
    guard var report = failing ?? first else { return nil }
    report.findings = tallies.map(\.summary)
    return report
  }
}

extension Verdict {
  /// What is worse is higher.
  fileprivate var rank: Int {
    switch self {
    case .notAsked: 0
    case .pass: 1
    case .inconclusive: 2
    case .fail: 3
    case .error: 4
    }
  }
}
