package import History
package import Messages

/// What a check says about a run.
package enum Verdict: String, CaseIterable, Sendable {
  case pass
  case fail
  /// There was too little to judge, or the host was too busy.
  case inconclusive
  /// The check itself did not work.
  case error
  /// By the plan alone, there was nothing to judge.
  case notAsked = "not asked"
}

/// A check's verdict with what it rests on.
package struct Judgement: Sendable, Equatable {
  /// How many of the violations are kept with a verdict.
  package static let keptRows = 100

  package var check: Check
  package var verdict: Verdict
  /// Why, in words.
  package var reason: String
  /// Rows of the violations query; `nil` where it did not run to its end.
  package var violations: Int?
  /// `nil` where they were not counted.
  package var witnesses: Int?
  /// As many as the plan gives at the least; `nil`: unknown.
  package var expected: Int?
  /// The columns of `rows`.
  package var columns: [String] = []
  /// The first violations.
  package var rows: [[SQLValue]] = []

  /// What the verdict means for the run. A warning fails nothing, but a check that does not work is
  /// an error whatever it is worth.
  package var exitCode: ExitCode {
    switch (verdict, check.severity) {
    case (.error, _): .error
    case (_, .warning), (.pass, _), (.notAsked, _): .success
    case (.fail, .error): .failed
    case (.inconclusive, .error): .inconclusive
    }
  }
}

extension [Judgement] {
  /// The worst of all: an error before a failure (the judge must work before what it says counts), a
  /// failure before what could not be judged.
  ///
  /// - Parameter areNamed: whether somebody chose these checks. Where they are merely all that there
  ///   are, a run that gives none of them anything to judge is as good as one without checks.
  package func exitCode(areNamed: Bool) -> ExitCode {
    let codes = map(\.exitCode)
    return [.error, .failed, .inconclusive].first(where: codes.contains)
      ?? (areNamed && judgedNothing ? .inconclusive : .success)
  }

  /// Whether there are checks, and none of them was asked.
  package var judgedNothing: Bool { !isEmpty && allSatisfy { $0.verdict == .notAsked } }

  /// How many there are of each kind: `5 passed, 1 failed, 1 not asked`.
  package var summary: String {
    func count(_ words: String, _ isCounted: (Judgement) -> Bool) -> String? {
      let number = self.count(where: isCounted)
      return number > 0 ? "\(number) \(words)" : nil
    }
    let counts = [
      count("passed") { $0.verdict == .pass }, count("failed") { $0.exitCode == .failed },
      count("inconclusive") { $0.exitCode == .inconclusive },
      count("did not work") { $0.verdict == .error },
      count("warned") {
        [.fail, .inconclusive].contains($0.verdict) && $0.check.severity == .warning
      },
      count("not asked") { $0.verdict == .notAsked },
    ]
    return counts.compactMap(\.self).joined(separator: ", ")
      + (judgedNothing ? ": the topology gives them nothing to judge" : "")
  }
}
