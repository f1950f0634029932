import Arguments
import Checks
import History
import Messages
import Participants
import Session

/// The options that several commands take.
extension Option {
  static let logs = Option(
    "logs", .text("DIR"), "The folder of the runs' logs.", .defaulted("logs"))
  static let history = Option(
    "history", .text("FILE"), "The history's file; without it, history.sqlite in the logs' folder.")
  static let set = Option(
    "set", .text("KEY=VALUE"),
    "Sets a key of the topology, e.g. groups.peer.count=50 or stop.at=30s.", .repeated)
  static let noChecks = Option.flag(
    "no-checks", "Do not judge the run; 'seedbed check' can, later.")
  static let boundTo = Option(
    "bound-to", .integer("PID", 1...Int64(Int32.max)),
    "End the run, as failed, when this process ends in whatever way.")
  static let seed = Option(
    "seed", .integer("N", 0...Int64.max),
    "What every random choice derives from; without it, a random one, which is printed.")
  static let checks = Option(
    "checks", .text("DIR"),
    "The folder of the checks. (default: checks here, or above the executable)")
  static let report = Option(
    "report",
    ValueKind("FORMAT=FILE", allowed: ReportFile.allowed) { ReportFile(parsing: $0) != nil },
    "Also write the verdicts to a file: junit, tap, github or markdown.", .repeated)
  /// How the commands that read the history print rows.
  static let format = Option(
    "format", .choice("FORMAT", ResultFormat.allCases.map(\.rawValue)),
    "How rows are printed. So that a table fits a terminal, long texts are cut there (…), and one of "
      + "too many columns is a list.", .defaulted("table"))
  static let repetitions = Option(
    "repeat", .integer("N", 1...100_000),
    "Run it so many times, and tell how often each check did not pass. Without --seed each run has a "
      + "random one of its own.")

  /// - Parameter initial: how long, where nothing else is said.
  static func timeout(_ initial: String) -> Option {
    Option(
      "timeout", .duration(Microseconds.milliseconds(1)...Microseconds.seconds(7 * 86_400)),
      "How long to wait.", .defaulted(initial))
  }
}

extension Positional {
  static let liveRun = Positional(
    "RUN", "A run under way: 'last', its number, the beginning of its name, or its folder.")
}

extension ValueKind {
  static func duration(_ range: ClosedRange<Microseconds>) -> ValueKind {
    var kind = ValueKind(
      "DURATION",
      allowed: "a duration from \(range.lowerBound) to \(range.upperBound), e.g. 20s"
    ) { Microseconds(parsing: $0).map(range.contains) ?? false }
    kind.guess = { OptionSpecification.Kind.duration(range).guess($0) }
    return kind
  }
}

extension ParsedArguments {
  /// Where runs are.
  var places: RunPlaces {
    let logs = self["logs"] ?? "logs"
    return RunPlaces(logs: logs, history: self["history"] ?? "\(logs)/history.sqlite")
  }

  /// The history's file.
  var history: String { places.history }

  /// The seed given, or a random one below 2^31: short enough to be typed again.
  var seed: UInt64 {
    integer("seed").map { UInt64($0) } ?? UInt64.random(in: 0..<(1 << 31))
  }

  /// The value of a `ValueKind.duration` option.
  func duration(_ name: String) -> Microseconds? {
    self[name].flatMap { Microseconds(parsing: $0) }
  }

  /// How long to wait.
  var timeout: Microseconds { duration("timeout") ?? .seconds(120) }

  /// The format that was asked for.
  var format: ResultFormat { self["format"].flatMap { ResultFormat(rawValue: $0) } ?? .table }

  /// The files that are to have a report.
  var reports: [ReportFile] { all("report").compactMap { ReportFile(parsing: $0) } }

  /// What to advise after a run.
  ///
  /// - Parameter again: the command that runs the same again; `nil` for a run that is recorded.
  func hints(again: [String]? = nil) -> Hints { Hints(places: placesGiven, again: again) }

  /// The option with its value, as it was given.
  func given(_ option: String) -> [String] {
    has(option) ? ["--\(option)", self[option] ?? ""] : []
  }

  /// Where runs are, where that was said.
  var placesGiven: [String] { given("logs") + given("history") }

  /// The command that simulates a topology as these arguments say.
  func simulation(of topology: String, seed: UInt64) -> [String] {
    ["seedbed", "simulate", topology] + all("set").flatMap { ["--set", $0] } + given("checks")
      + ["--seed", "\(seed)"]
  }
}
