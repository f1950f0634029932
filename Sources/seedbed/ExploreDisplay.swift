import Arguments
import Checks
import Clock
import Exploration
import Participants
import Supervisor

/// What a person sees of an exploration: a line for each seed that does not pass, and a sum.
struct ExploreDisplay {
  /// Of seeds that could not be judged only so many get a line.
  private static let shownInconclusive = 3

  private let seeds: ClosedRange<UInt64>
  private let replay: [String]
  private let start = Instant.now
  private let terminal = Terminal.output
  private var line = LiveLine()
  private var counts: [ExitCode: Int] = [:]
  private var simulated = Microseconds.zero
  /// Why checks were not asked, by name.
  private var unasked: [String: String] = [:]

  init(_ seeds: ClosedRange<UInt64>, replay: [String]) {
    self.seeds = seeds
    self.replay = replay
  }

  /// The worst of what was seen: an error before a failure, as of checks.
  var worst: ExitCode {
    [.error, .failed, .inconclusive].first { counts[$0] != nil } ?? .success
  }

  mutating func start(_ topology: String) {
    let which =
      seeds.count == 1
      ? "seed \(seeds.lowerBound)" : "seeds \(seeds.lowerBound) to \(seeds.upperBound)"
    Terminal.say("exploring \(topology): \(which)\n")
    showProgress()
  }

  mutating func take(_ finding: Explorer.Finding) {
    let code: ExitCode
    var why: String
    switch finding.result {
    case .success(let trial):
      code = trial.exitCode
      simulated = simulated + trial.lasted
      for judgement in trial.judgements where judgement.verdict == .notAsked {
        unasked[judgement.check.name] = judgement.reason
      }
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
      let command = shellLine(replay + ["--seed", String(finding.seed)])
      line.say("seed \(finding.seed): \(word(code)): \(why): \(command)\n")
    }
    showProgress()
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

  mutating func finish() {
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

/// Words as a shell takes them.
func shellLine(_ words: [String]) -> String {
  words.map { word in
    let isPlain = word.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
        UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "="), UInt8(ascii: ","):
        true
      default: false
      }
    }
    guard !isPlain || word.isEmpty else { return word }
    let parts = word.split(separator: "'", omittingEmptySubsequences: false)
    return "'\(parts.joined(separator: "'\\''"))'"
  }.joined(separator: " ")
}

/// `1..1000`, or one number.
struct SeedRange {
  static let allowed = "a number, or two as in 1..1000, the lesser first"

  let range: ClosedRange<UInt64>

  init?(_ text: String) {
    let ends = text.split(separator: "..", omittingEmptySubsequences: false).map(String.init)
    // As of --seed: what the history can store.
    guard (1...2).contains(ends.count), let first = ends.first.flatMap({ UInt64($0) }),
      let last = ends.last.flatMap({ UInt64($0) }), first <= last, last <= UInt64(Int64.max)
    else { return nil }
    range = first...last
  }
}

extension ValueKind {
  static let seeds = ValueKind("A..B", allowed: SeedRange.allowed) { SeedRange($0) != nil }
}
