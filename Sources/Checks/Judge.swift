internal import History
internal import Messages
package import NetworkFolders

/// Applies checks to one run of a history.
package struct Judge: ~Copyable {
  /// How much processor time the statements of a check may take together: what else the machine does
  /// is no fault of theirs.
  package static let timeLimit = Duration.seconds(60)
  /// The column that says why a violation cannot be held against the network.
  static let excuseColumn = "excuse"

  static let twoStatements =
    "a check has two statements, each ended by ';': one selects violations, one counts witnesses"

  let history: ReadOnlyHistory
  let timeLimit: Duration
  /// Why no check can be applied to this run, if so.
  private let obstacle: String?
  /// Why no check can pass, though it may fail: events are missing.
  let doubt: String?
  package let network: String
  /// Where the network's files are, where its name does not say it; `nil` for the networks that came with
  /// Seedbed.
  package var networkFolder: NetworkFolder? { history.network }
  /// The checks that the run's topology asks for; `nil` for every check of the network.
  package let plannedChecks: [String]?

  /// Opens a history, limited to a run.
  ///
  /// - Parameter given: a folder to take the network's views from, whatever the plan says.
  /// - Throws: `HistoryError` where there is no such run; `DatabaseError` from SQLite.
  package init(
    _ file: String, run number: Int64, network given: NetworkFolder? = nil,
    timeLimit: Duration = Judge.timeLimit
  ) throws {
    let history = try ReadOnlyHistory(file, run: number, network: given)
    var network = ""
    var planned: [String]?
    var obstacle: String?
    do {
      let statement = try history.database.prepare(
        "SELECT network, began_t, stopping_t, plan -> '$.checks', complete, folder FROM runs")
      guard try statement.step() else {
        throw HistoryError("\(file): there is no run \(number)")
      }
      network = statement.text(at: 0) ?? ""
      if statement.value(at: 1) == .null {
        obstacle = "the run never began: its nodes were not all ready"
      } else if statement.value(at: 2) == .null {
        obstacle = "the run has not come to its stop: it goes on, or its supervisor died"
      } else if statement.value(at: 4) == .integer(0) {
        obstacle =
          "the history does not have every line of the run's logs: "
          + "'seedbed collect \(statement.text(at: 5) ?? "")' brings the rest"
      }
      if statement.value(at: 3) != .null { planned = [] }
    }
    do {
      let statement = try history.database.prepare(
        "SELECT value FROM runs, json_each(plan, '$.checks')")
      while try statement.step() { planned?.append(statement.text(at: 0) ?? "") }
    }
    let lost =
      try history.database.integer(
        "SELECT count(*) FROM rejected_lines WHERE kind IN ('refused', 'gap', 'log')") ?? 0
    // A throwing initialiser must not leave a noncopyable value half made: first all, then each.
    self.history = history
    self.timeLimit = timeLimit
    self.obstacle = obstacle
    doubt =
      lost == 0
      ? nil : "events are missing: \(counted(Int(lost), "row")) in rejected_lines"
    self.network = network
    plannedChecks = planned
  }

  /// What checks say, in their order.
  package func judge(_ checks: [Check]) -> [Judgement] { checks.map { judge($0) } }

  /// What a check says. One that does not work has the verdict `error`.
  package func judge(_ check: Check) -> Judgement {
    var judgement = Judgement(check: check, verdict: .inconclusive, reason: obstacle ?? "")
    guard obstacle == nil else { return judgement }
    history.database.limitProcessorTime(to: timeLimit)
    var rest = check.text[...]
    do {
      let unasked = try reasonNotToAsk(check)
      if let expected = check.expected {
        judgement.expected = try planValue(expected).map { Int(clamping: $0) }
      }
      let excuse = try collectViolations(&rest, into: &judgement)
      try countWitnesses(&rest, into: &judgement)
      try endOfStatements(&rest)
      try conclude(&judgement, excuse: excuse, unasked: unasked)
    } catch let error as StatementError {
      judgement.verdict = .error
      judgement.reason =
        "\(check.file):\(error.line.map { "\($0):" } ?? "") \(error.message)"
    } catch let error as DatabaseError {
      judgement.verdict = .error
      judgement.reason = describe(error, in: check)
    } catch {
      judgement.verdict = .error
      judgement.reason = "\(check.file): \(error)"
    }
    return judgement
  }

  /// What is wrong with a check's statements besides what SQLite says.
  private struct StatementError: Error {
    var message: String
    var line: Int?

    init(_ message: String, line: Int? = nil) {
      self.message = message
      self.line = line
    }

    static let wrongNumber = StatementError(Judge.twoStatements)
  }

  /// Why the plan gives a check nothing to judge, in words; `nil` where it does. What cannot be known
  /// from it, a NULL, counts as given.
  private func reasonNotToAsk(_ check: Check) throws -> String? {
    var reason: String?
    for condition in check.conditions {
      // A share of one is no 0, though it is one as a whole number.
      var isGiven = condition.askedIf
      isGiven.sql = "(\(isGiven.sql)\n) <> 0"
      if try planValue(isGiven) == 0 { reason = reason ?? condition.notAsked }
    }
    return reason
  }

  private func planValue(_ expression: Check.PlanExpression) throws -> Int64? {
    do {
      return try history.planValue(of: expression.sql)
    } catch let error as DatabaseError where error.isBadSQL {
      throw StatementError("'\(expression.key)': \(error.message)", line: expression.line)
    }
  }

  /// Why fewer witnesses than the plan gives are no failure, in words; `nil` where they are one.
  private func excuseForTooFew() throws -> String? {
    if let doubt { return doubt }
    let outcome = try history.database.text("SELECT outcome FROM runs")
    if outcome != "completed" { return "the run was \(outcome ?? "not ended in order")" }
    let overloads = try history.database.integer("SELECT count(*) FROM overloads") ?? 0
    return overloads > 0 ? "the host was overloaded" : nil
  }

  /// The violations that nothing excuses count first; `reason` is then empty. Gives the first
  /// excuse when every violation has one.
  private func collectViolations(
    _ rest: inout Substring, into judgement: inout Judgement
  ) throws -> String? {
    guard let statement = try history.database.prepareNext(&rest) else {
      throw StatementError.wrongNumber
    }
    let columns = statement.columnNames
    let excuseColumn = columns.firstIndex(of: Self.excuseColumn)
    var violations = 0
    var excused: [[SQLValue]] = []
    var excuse: String?
    while try statement.step() {
      violations += 1
      let row = columns.indices.map { statement.value(at: $0) }
      if let excuseColumn, let words = statement.text(at: excuseColumn) {
        excuse = excuse ?? words
        if excused.count < Judgement.keptRows { excused.append(row) }
      } else if judgement.rows.count < Judgement.keptRows {
        judgement.rows.append(row)
      }
    }
    judgement.violations = violations
    judgement.columns = columns
    let isExcused = judgement.rows.isEmpty
    judgement.rows += excused.prefix(Judgement.keptRows - judgement.rows.count)
    return isExcused ? excuse : nil
  }

  private func countWitnesses(
    _ rest: inout Substring, into judgement: inout Judgement
  ) throws {
    guard let statement = try history.database.prepareNext(&rest) else {
      throw StatementError.wrongNumber
    }
    guard statement.columnCount == 1, try statement.step(),
      case .integer(let witnesses) = statement.value(at: 0), try !statement.step()
    else {
      throw StatementError("the second statement must give one number, the count of witnesses")
    }
    judgement.witnesses = Int(witnesses)
  }

  private func endOfStatements(_ rest: inout Substring) throws {
    guard try history.database.prepareNext(&rest) == nil else { throw StatementError.wrongNumber }
  }

  private func conclude(
    _ judgement: inout Judgement, excuse: String?, unasked: String?
  ) throws {
    let check = judgement.check
    let violations = judgement.violations ?? 0
    let witnesses = judgement.witnesses ?? 0
    if violations > 0, excuse == nil {
      judgement.verdict = .fail
      judgement.reason =
        "\(counted(violations, "violation")), \(counted(witnesses, "witness", plural: "witnesses"))"
    } else if let excuse {
      judgement.verdict = .inconclusive
      judgement.reason = "\(counted(violations, "violation")), but \(excuse)"
    } else if witnesses < check.leastWitnesses, let unasked {
      judgement.verdict = .notAsked
      judgement.reason = unasked
    } else if let expected = judgement.expected, witnesses < expected {
      let excuse = try excuseForTooFew()
      judgement.verdict = excuse == nil ? .fail : .inconclusive
      judgement.reason =
        "\(witnesses) of the \(counted(expected, "witness", plural: "witnesses")) that the plan gives"
        + (excuse.map { ", but \($0)" } ?? "")
    } else if witnesses < check.leastWitnesses {
      judgement.verdict = .inconclusive
      judgement.reason =
        "\(witnesses) of at least \(counted(check.leastWitnesses, "witness", plural: "witnesses"))"
        + (check.tooFew.isEmpty ? "" : ": \(check.tooFew)")
    } else {
      judgement.verdict = doubt == nil ? .pass : .inconclusive
      judgement.reason =
        counted(witnesses, "witness", plural: "witnesses") + (doubt.map { ", but \($0)" } ?? "")
    }
  }

  /// SQLite's message with the line of the check's file.
  private func describe(_ error: DatabaseError, in check: Check) -> String {
    if error.isInterruption {
      return "\(check.file): it took more than \(timeLimit) of processor time"
    }
    guard error.isBadSQL, !error.isRefusedWrite else { return "\(check.file): \(error)" }
    return check.located(error)
  }
}
