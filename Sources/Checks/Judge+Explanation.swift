internal import Foundation
internal import History
internal import Messages
internal import NetworkFolders

/// What a check's verdict on a run rests on, for people.
extension Judge {
  /// How many rows of a view are shown.
  private static let shownUnjudged = 10
  /// Columns of views that say whether a row could be judged.
  private static let judgedColumns = ["judged", "settled"]

  /// What a check judged, what it could not, the deadlines that it holds nodes to, and what of it took
  /// how long.
  ///
  /// A view with a column `judged` or `settled` says by it what could be judged; one whose name ends in
  /// `_deadlines` says how long things may take, and its columns where that comes from.
  ///
  /// - Throws: `DatabaseError` where the history cannot be read.
  package func explanation(of judgement: Judgement) throws -> String {
    let check = judgement.check
    let code = check.text.split(separator: "\n").filter { !$0.hasPrefix("--") }
      .joined(separator: "\n")
    let views = history.views.named(by: code).filter {
      // A word may be a view of another network by chance.
      let folder = $0.file.split(separator: "/").dropLast(2).last.map(String.init)
      return [network, networkFolder?.name, "shared"].contains(folder)
    }
    var text = ["\(check.name): \(check.promise)", check.file, ""]
    // Of one that does not work nothing else can be asked.
    guard judgement.verdict != .error else {
      return (text + ["  verdict  error: \(judgement.reason)"]).map { "\($0)\n" }.joined()
    }
    text += aligned(try facts(of: check, judgement)).map { "  \($0)" }
    for view in views { text += try deadlines(of: view) }
    for view in views { text += try unjudged(of: view) }
    text += ["", "What took how long, in seconds (a view is counted where it is read, too)"]
    text += aligned(try times(of: check, views)).map { "  \($0)" }
    return text.map { "\($0)\n" }.joined()
  }

  private func facts(of check: Check, _ judgement: Judgement) throws -> [[String]] {
    var facts = [["verdict", judgement.verdict.rawValue + ": " + judgement.reason]]
    facts.append(["violations", judgement.violations.map(String.init) ?? "not counted"])
    facts.append([
      "witnesses",
      (judgement.witnesses.map(String.init) ?? "not counted")
        + ", of \(check.leastWitnesses) that it needs",
    ])
    for expression in check.planExpressions {
      let value = try history.planValue(of: expression.sql).map(String.init) ?? "unknown"
      facts.append([expression.key, "\(value): \(expression.sql)"])
    }
    return facts
  }

  /// A view's rows of the run's nodes, each value once, and what its columns mean.
  private func deadlines(of view: View) throws -> [String] {
    let names = view.columns.map(\.name).filter { !["run", "node"].contains($0) }
    guard view.name.hasSuffix("_deadlines"), !names.isEmpty else { return [] }
    let rows = try rows("SELECT DISTINCT \(names.joined(separator: ", ")) FROM \(view.name)")
    guard !rows.isEmpty else { return [] }
    var lines = ["", "Deadlines in microseconds (\(view.name))"]
    for (index, column) in view.columns.filter({ names.contains($0.name) }).enumerated() {
      var each: [String] = []
      for row in rows where !each.contains(row[index].display) { each.append(row[index].display) }
      lines.append("  \(column.name) = \(each.joined(separator: " or ")): \(column.summary)")
    }
    return lines
  }

  /// How many rows could be judged, and the first that could not.
  private func unjudged(of view: View) throws -> [String] {
    guard let flag = view.columns.map(\.name).first(where: Self.judgedColumns.contains) else {
      return []
    }
    let counts = try rows("SELECT count(*), coalesce(sum(\(flag)), 0) FROM \(view.name)")
    guard case .integer(let all)? = counts.first?[0], case .integer(let judged)? = counts.first?[1]
    else { return [] }
    var lines = ["", "\(view.name): \(view.summary)"]
    lines.append("  \(judged) of \(counted(Int(all), "row")) could be judged (\(flag))")
    guard judged < all else { return lines }
    let names = view.columns.map(\.name).filter { $0 != "run" && !$0.hasSuffix("_t") && $0 != "t" }
    let missed = try rows(
      "SELECT \(names.joined(separator: ", ")) FROM \(view.name) WHERE NOT coalesce(\(flag), 0) "
        + "LIMIT \(Self.shownUnjudged)")
    lines += aligned([names] + missed.map { $0.map(\.display) }).map { "    \($0)" }
    return lines
  }

  /// Its two statements, and each view that they read.
  private func times(of check: Check, _ views: [View]) throws -> [[String]] {
    var parts: [(String, Duration)] = []
    var rest = check.text[...]
    for name in ["violations", "witnesses"] {
      let began = ContinuousClock.now
      if let statement = try history.database.prepareNext(&rest) { while try statement.step() {} }
      parts.append((name, ContinuousClock.now - began))
    }
    for view in views {
      let began = ContinuousClock.now
      _ = try rows("SELECT count(*) FROM (SELECT * FROM \(view.name))")
      parts.append((view.name, ContinuousClock.now - began))
    }
    let sorted = parts.prefix(2) + parts.dropFirst(2).sorted { $0.1 > $1.1 }
    return sorted.map { [$0.0, String(format: "%.4f", $0.1 / .seconds(1))] }
  }

  private func rows(_ sql: String) throws -> [[SQLValue]] {
    let statement = try history.database.prepare(sql)
    var rows: [[SQLValue]] = []
    while try statement.step() {
      rows.append((0..<statement.columnCount).map { statement.value(at: $0) })
    }
    return rows
  }
}
