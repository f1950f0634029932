import Glibc
package import History
package import Messages
package import Participants
import Supervisor
package import Topology

/// What somebody waits for: a query whose first value is true once it has come.
package struct Awaited {
  /// What it has come with.
  package struct Row {
    package var columns: [String]
    package var values: [SQLValue]
  }

  /// As it was asked for.
  package let text: String
  private let sql: String
  private let kind: String?
  private let node: String?

  /// - Parameters:
  ///   - text: the kind of an event, or SQL.
  ///   - node: whose events count; `nil`: anybody's.
  package init(_ text: String, node: String?) {
    self.text = node.map { "\(text) of \($0)" } ?? text
    kind = text.contains { $0.isWhitespace } ? nil : text
    sql = kind == nil ? text : Self.event
    self.node = node
  }

  /// Makes sure that all of it can come: programs log what they like, and other nodes what there is.
  ///
  /// - Throws: `UsageError` for a kind of event that there is not; `DatabaseError` for bad SQL.
  package static func check(_ awaited: [Awaited], plan: Plan) throws {
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
package struct Waiting {
  /// Between two looks, at least; and not less than a look takes, so that half of a processor is the
  /// most that waiting costs.
  private static let interval = Microseconds.milliseconds(20)

  private let name: String
  private let folder: String
  private let history: String
  private let limit: Microseconds

  /// - Parameters:
  ///   - folder: the run's.
  ///   - history: the file that the run is recorded in.
  ///   - limit: how long to wait.
  /// - Throws: `HistoryError` where that is no run's folder.
  package init(for folder: String, in history: String, within limit: Microseconds) throws {
    self.folder = folder
    self.history = history
    self.limit = limit
    name = try RunFolder(folder).manifest.name
  }

  /// - Throws: ``WaitError`` when not all of it has come in time, or before the run's end;
  ///   `DatabaseError` where the SQL does not work.
  package func wait(for awaited: [Awaited]) throws -> [Awaited.Row] {
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

/// What was waited for has not come.
package struct WaitError: ReportedError {
  package var description: String
  package var exitCode: ExitCode

  init(_ description: String, _ exitCode: ExitCode) {
    self.description = description
    self.exitCode = exitCode
  }
}
