import Arguments
import Glibc
import History
import Participants
import Supervisor
import Topology

/// `seedbed wait`: until something has happened in a run.
enum WaitCommand: SeedbedCommand {
  static let command = Command(
    "wait", "Wait until something has happened in a run.",
    discussion: """
      EVENT is the kind of an event (docs/EVENTS.md), which may have happened already; SQL is a \
      query, as for 'query', which is true as soon as its first value is neither NULL nor 0. With \
      several, all must have come. The first row of each is printed.

      Exit codes: 0 it has come; 1 it has not come in time; 2 the run has ended without it.
      """,
    examples: [
      Example("seedbed wait last run.began", "Every node is ready."),
      Example("seedbed wait last link.opened --node peer-3", "In one node's log."),
      Example(
        "seedbed wait last \"SELECT count(*) FROM dead_node_reports WHERE dead = 'peer-3'\"",
        "A state, by SQL."),
    ],
    positionals: [
      Positional("RUN", "'last', its number, the beginning of its name, or its folder."),
      Positional("EVENT|SQL", "What to wait for.", .repeated),
    ],
    options: [
      Option("node", .text("NODE"), "Only events of this node."),
      .timeout("2m"), .logs, .history, .format,
    ])

  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let awaited = arguments.all("EVENT|SQL").map { Awaited($0, node: arguments["node"]) }
    guard !awaited.isEmpty else {
      throw UsageError("missing EVENT|SQL: what to wait for", command: "seedbed wait")
    }
    let reference = try arguments.require("RUN")
    let folder =
      try (try? LiveRun.named(reference, arguments))?.folder.path
      ?? ReadOnlyHistory(arguments.history, runNamed: reference).folder()
    try Awaited.check(awaited, plan: RunFolder(folder).manifest.plan)
    let rows = try Waiting(folder: folder, arguments).wait(for: awaited)
    var output = StandardOutput()
    for row in rows {
      var writer = ResultWriter(
        arguments.format, columns: row.columns, to: output, look: .output)
      writer.add(row.values)
      output = writer.finish()
    }
    try output.finish()
    return .success
  }
}

/// What somebody waits for: a query whose first value is true once it has come.
struct Awaited {
  struct Row {
    var columns: [String]
    var values: [SQLValue]
  }

  /// As it was asked for.
  let text: String
  private let sql: String
  private let kind: String?
  private let node: String?

  /// - Parameter node: whose events count; `nil`: anybody's.
  init(_ text: String, node: String?) {
    self.text = node.map { "\(text) of \($0)" } ?? text
    kind = text.contains { $0.isWhitespace } ? nil : text
    sql = kind == nil ? text : Self.event
    self.node = node
  }

  /// Makes sure that all of it can come: programs log what they like, and other nodes what there is.
  ///
  /// - Throws: `UsageError` for a kind of event that there is not; `DatabaseError` for bad SQL.
  static func check(_ awaited: [Awaited], plan: Plan) throws {
    let history = try ReadOnlyHistory.empty()
    for item in awaited {
      guard let kind = item.kind else {
        _ = try history.database.prepare(item.sql)
        continue
      }
      guard plan.programs.isEmpty, !KnownKinds.names.contains(kind) else { continue }
      throw KnownKinds.refusal(of: kind)
    }
  }

  /// The row that it has come with; `nil` as long as it has not.
  func row(in history: borrowing ReadOnlyHistory) throws -> Row? {
    let statement = try history.database.prepare(sql)
    if let kind { try statement.bind(.text(kind), node.map { .text($0) } ?? .null) }
    guard try statement.step() else { return nil }
    let values = (0..<statement.columnCount).map { statement.value(at: $0) }
    switch values.first {
    case .null, .integer(0), .real(0), nil: return nil
    case .integer, .real, .text, .blob: return Row(columns: statement.columnNames, values: values)
    }
  }

  private static let event = """
    SELECT e.node, round((e.t - r.began_t) / 1e6, 6) AS s, e.kind, e.peer, e.data
    FROM events e JOIN runs r ON r.run = e.run
    WHERE e.kind = ?1 AND (?2 IS NULL OR e.node = ?2) ORDER BY e.t LIMIT 1
    """
}

/// Looks into the history again and again, as the collector fills it.
struct Waiting {
  /// Between two looks, at least; and not less than a look takes, so that half of a processor is the
  /// most that waiting costs.
  private static let interval = Microseconds.milliseconds(20)

  private let name: String
  private let folder: String
  private let history: String
  private let limit: Microseconds

  init(folder: String, _ arguments: ParsedArguments) throws {
    self.folder = folder
    name = try RunFolder(folder).manifest.name
    history = arguments.history
    limit = arguments.duration("timeout") ?? .seconds(120)
  }

  /// - Throws: when not all of it has come in time, or before the run's end.
  func wait(for awaited: [Awaited]) throws -> [Awaited.Row] {
    let clock = ContinuousClock()
    let end = clock.now + .microseconds(limit.count)
    var rows: [Awaited.Row?] = awaited.map { _ in nil }
    while true {
      let start = clock.now
      // Before the look: what was written before the end is seen, then.
      let isOver = try isOver()
      if let number = try run() {
        let history = try ReadOnlyHistory(history, run: number)
        history.database.limitTime(to: max(.seconds(1), end - clock.now))
        for index in awaited.indices where rows[index] == nil {
          do {
            rows[index] = try awaited[index].row(in: history)
          } catch let error as DatabaseError where error.isInterruption {
            // The query takes longer than there is time to wait.
            break
          }
        }
      }
      let come = rows.compactMap(\.self)
      if come.count == rows.count { return come }
      let missing = zip(awaited, rows).filter { $0.1 == nil }.map(\.0.text)
      if isOver {
        throw WaitError(
          "the run has ended without: \(missing.joined(separator: "; ")) (\(name)\(try outcome))",
          .inconclusive)
      }
      guard clock.now < end else {
        throw WaitError("not within \(limit): \(missing.joined(separator: "; "))", .failed)
      }
      let pause = max(Self.interval.count, (clock.now - start).microseconds)
      usleep(UInt32(clamping: min(pause, max(0, (end - clock.now).microseconds))))
    }
  }

  /// How the run ended, as far as that is known.
  private var outcome: String {
    get throws {
      guard let number = try run() else { return "" }
      let sql = "SELECT ': ' || outcome || iif(reason = '', '', ', ' || reason) FROM runs"
      return try ReadOnlyHistory(history, run: number).database.text(sql) ?? ""
    }
  }

  /// The run's number, once the collector has begun.
  private func run() throws -> Int64? {
    guard unsafe access(history, F_OK) == 0 else { return nil }
    let history = try ReadOnlyHistory(history)
    let statement = try history.database.prepare("SELECT run FROM runs WHERE name = ?")
    try statement.bind(.text(name))
    return try statement.step() ? statement.integer(at: 0) : nil
  }

  /// Whether the collector has taken all, or nobody works on the run any more.
  private func isOver() throws -> Bool {
    guard LiveRunFolder.isInUse(folder) else { return true }
    guard let number = try run() else { return false }
    return try ReadOnlyHistory(history, run: number).database
      .integer("SELECT ended_t IS NOT NULL FROM runs") == 1
  }
}

struct WaitError: ReportedError {
  var description: String
  var exitCode: ExitCode

  init(_ description: String, _ exitCode: ExitCode) {
    self.description = description
    self.exitCode = exitCode
  }
}
