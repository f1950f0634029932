import Checks
import Clock
package import Exploration
import History
package import Messages
import Participants
import Supervisor

/// What a person sees of an exploration: a line for each seed that does not pass, and a sum.
package struct ExploreDisplay {
  /// Of seeds that could not be judged only so many get a line.
  private static let shownInconclusive = 3

  private let seeds: ClosedRange<UInt64>
  private let replay: (UInt64) -> [String]
  private let start = Instant.now
  private let terminal = Terminal.output
  private var line = LiveLine()
  private var counts: [ExitCode: Int] = [:]
  private var simulated = Microseconds.zero
  /// Why checks were not asked, by name.
  private var unasked: [String: String] = [:]
  /// What each check had to judge with each seed, in the checks' order.
  private var judged: [(check: String, seeds: [(verdict: Verdict, witnesses: Int)])] = []

  /// - Parameter replay: the command that simulates a seed alone, in words.
  package init(_ seeds: ClosedRange<UInt64>, replay: @escaping (UInt64) -> [String]) {
    self.seeds = seeds
    self.replay = replay
  }

  /// The worst of what was seen: an error before a failure, as of checks.
  package var worst: ExitCode {
    [.error, .failed, .inconclusive].first { counts[$0] != nil } ?? .success
  }

  /// Says what is explored.
  package mutating func start(_ topology: String) {
    let which =
      seeds.count == 1
      ? "seed \(seeds.lowerBound)" : "seeds \(seeds.lowerBound) to \(seeds.upperBound)"
    Terminal.say("exploring \(topology): \(which)\n")
    showProgress()
  }

  /// Counts what came of a seed, and says so if it did not pass.
  package mutating func take(_ finding: Explorer.Finding) {
    let code: ExitCode
    var why: String
    switch finding.result {
    case .success(let trial):
      code = trial.exitCode
      simulated = simulated + trial.lasted
      for judgement in trial.judgements { count(judgement) }
      why = reason(trial)
    case .failure(let error):
      code = .error
      why = "\(error)"
    }
    counts[code, default: 0] += 1
    let isShown =
      switch code {
      case .success: false
      case .inconclusive: counts[code, default: 0] <= Self.shownInconclusive
      case .failed, .error, .usage: true
      }
    if isShown {
      let command = shellLine(replay(finding.seed))
      line.say("seed \(finding.seed): \(word(code)): \(why): \(command)\n")
    }
    showProgress()
  }

  private mutating func count(_ judgement: Judgement) {
    let name = judgement.check.name
    if judgement.verdict == .notAsked { unasked[name] = judgement.reason }
    let index = judged.firstIndex { $0.check == name } ?? judged.endIndex
    if index == judged.endIndex { judged.append((name, [])) }
    judged[index].seeds.append((judgement.verdict, judgement.witnesses ?? 0))
  }

  /// A line for each check: in how many seeds it passed, and how much it had to judge in all of them.
  private var witnesses: [String] {
    guard !judged.isEmpty else { return [] }
    let rows = judged.map { check, seeds in
      let witnesses = seeds.map(\.witnesses).sorted()
      return [
        check, "\(seeds.count { $0.verdict == .pass })", "\(witnesses[0])",
        "\(witnesses[witnesses.count / 2])",
        witnesses.last == 0 ? "no seed gave it anything to judge" : "",
      ]
    }
    return aligned([["check", "passed", "witnesses: least", "median", ""]] + rows)
  }

  /// What did not pass, by name.
  private func reason(_ trial: Laboratory.Trial) -> String {
    guard trial.conclusion.outcome != .failed else { return trial.conclusion.reason }
    guard !trial.judgements.judgedNothing else { return "nothing was judged" }
    let code = trial.exitCode
    return trial.judgements.filter { $0.exitCode == code }.map(\.check.name)
      .joined(separator: ", ")
  }

  private func word(_ code: ExitCode) -> String {
    switch code {
    case .success: terminal.styled("pass", .green)
    case .failed: terminal.styled("fail", .red)
    case .inconclusive: terminal.styled("inconclusive", .yellow)
    case .error, .usage: terminal.styled("error", .red)
    }
  }

  /// Says how many seeds passed and did not.
  package mutating func finish() {
    line.clear()
    let judged = counts.values.reduce(0, +)
    let parts = [ExitCode.success, .failed, .inconclusive, .error].map {
      "\(counts[$0, default: 0]) \(word($0))"
    }
    let took = Instant.now - start
    let rest = seeds.count - judged
    Terminal.say(
      "\(counted(judged, "seed")): \(parts.joined(separator: ", ")); \(RunDisplay.seconds(simulated)) s "
        + "simulated in \(RunDisplay.seconds(took)) s"
        + (rest > 0 ? "; interrupted, \(counted(rest, "seed")) left\n" : "\n"))
    for line in witnesses { Terminal.say("\(line)\n") }
    for (name, reason) in unasked.sorted(by: { $0.key < $1.key }) {
      Terminal.say("not asked: \(name): \(reason)\n")
    }
  }

  private mutating func showProgress() {
    let done = counts.values.reduce(0, +)
    let failed = counts[.failed, default: 0] + counts[.error, default: 0]
    line.show("\(done)/\(counted(seeds.count, "seed")), \(failed) failed")
  }
}
