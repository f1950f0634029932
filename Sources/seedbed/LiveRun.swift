import Arguments
import Foundation
import History
import Participants
import Supervisor
import Topology

/// A run under way, found by its folder.
struct LiveRun {
  /// How long a supervisor may take to say where its run is.
  private static let answerTime = Microseconds.seconds(2)

  let folder: RunFolder
  /// The ID of the supervisor's process.
  let supervisor: Int32

  var name: String { folder.manifest.name }

  /// The runs under way in a folder of logs, the one launched first before the others.
  static func all(in logs: String) -> [LiveRun] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: logs)) ?? []
    return names.sorted().compactMap { try? LiveRun(path: "\(logs)/\($0)") }
  }

  /// The one that a person names: `last`, its number, the beginning of its name, or its folder.
  static func named(_ reference: String, _ arguments: ParsedArguments) throws -> LiveRun {
    if reference.contains("/") {
      if let run = try LiveRun(path: reference) { return run }
      throw UsageError("\(reference): this run is not under way")
    }
    let live = all(in: arguments.logs)
    if reference == "last", let last = live.last { return last }
    let found = live.filter { $0.name.hasPrefix(reference) }
    if found.count == 1 { return found[0] }
    let recorded = try? ReadOnlyHistory(arguments.history, runNamed: reference).folder()
    if let recorded, let run = try? LiveRun(path: recorded) { return run }
    let names = live.map(\.name).joined(separator: ", ")
    throw UsageError(
      live.isEmpty
        ? "no run is under way in \(arguments.logs): 'seedbed run' starts one"
        : "'\(reference)' names \(found.count) of the runs under way in \(arguments.logs); "
          + "there are: \(names)")
  }

  /// `nil` where nobody listens.
  private init?(path: String) throws {
    guard let client = ControlClient(folder: path, within: Self.answerTime) else { return nil }
    supervisor = client.supervisor
    folder = try RunFolder(path)
  }

  /// Connects anew: a connection carries one request.
  func connect(within limit: Microseconds) throws -> ControlClient {
    guard let client = ControlClient(folder: folder.path, within: limit) else {
      throw UsageError("\(name) is not under way any more")
    }
    return client
  }

  /// Where the run is; `nil` when its supervisor does not answer.
  func status() -> Control.Status? {
    let client = try? connect(within: Self.answerTime)
    return try? client?.ask(Control.Request(.status)).status
  }
}

extension Positional {
  static let liveRun = Positional(
    "RUN", "A run under way: 'last', its number, the beginning of its name, or its folder.")
}

extension Option {
  /// - Parameter initial: how long, where nothing else is said.
  static func timeout(_ initial: String) -> Option {
    Option(
      "timeout", .duration(Microseconds.milliseconds(1)...Microseconds.seconds(7 * 86_400)),
      "How long to wait.", .defaulted(initial))
  }
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
  /// The value of a `ValueKind.duration` option.
  func duration(_ name: String) -> Microseconds? {
    self[name].flatMap { Microseconds(parsing: $0) }
  }
}

extension Duration {
  /// Whole microseconds.
  var microseconds: Int64 {
    components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
  }
}
