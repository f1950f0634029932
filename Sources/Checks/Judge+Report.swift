internal import Foundation
internal import History
internal import Messages

/// What a piece of the report means, for whoever colours it.
package enum Tone: Sendable {
  case good
  case bad
  case unsure
  case heading
  case faint
}

/// The report for people: a line for each check, what was violated, and how many there are of each
/// verdict.
extension Judge {
  /// How many violations of a check are shown, and for how many the log lines around them.
  private static let shownRows = 10
  private static let rowsWithLines = 2

  /// - Parameters:
  ///   - hints: what to do next, shown where not all is well.
  ///   - paint: gives a text the colours of its meaning; the text itself where there are none.
  /// - Throws: `DatabaseError` where the history cannot be read.
  package func report(
    _ judgements: [Judgement], hints: [String] = [], paint: (String, Tone) -> String
  ) throws -> String {
    guard !judgements.isEmpty else { return "" }
    let verdicts = aligned(
      judgements.map { [$0.verdict.symbol, $0.check.name, $0.verdict.rawValue, $0.reason] })
    var text = zip(judgements, verdicts).map { judgement, line in
      paint(judgement.verdict.symbol, judgement.verdict.tone) + line.dropFirst()
    }
    for judgement in judgements where !judgement.rows.isEmpty {
      text.append("")
      text.append(paint("\(judgement.check.name): \(judgement.check.promise)", .heading))
      text += try details(of: judgement).map { $0.isLog ? paint($0.text, .faint) : $0.text }
    }
    text.append("")
    if judgements.contains(where: { $0.exitCode != .success }) {
      text += hints.map { paint($0, .faint) }
    }
    text.append(judgements.summary)
    return text.map { "\($0)\n" }.joined()
  }

  /// The first violations, and the log lines around some of them, each line once.
  func details(of judgement: Judgement) throws -> [(text: String, isLog: Bool)] {
    guard !judgement.rows.isEmpty else { return [] }
    var details = violations(of: judgement).map { (text: $0, isLog: false) }
    var shown: Set<Surroundings.Line> = []
    for (index, row) in judgement.rows.prefix(Self.rowsWithLines).enumerated() {
      guard var around = try surroundings(of: row, columns: judgement.columns) else { continue }
      around.lines.removeAll { !shown.insert($0).inserted }
      details += describe(around, of: index + 1).map { (text: $0, isLog: true) }
    }
    return details
  }

  /// The node that the first violation names first, for whoever wants to look closer.
  ///
  /// - Throws: `DatabaseError` where the history cannot be read.
  package func firstNode(of judgements: [Judgement]) throws -> String? {
    guard let row = judgements.first(where: { $0.exitCode == .failed })?.rows.first else {
      return nil
    }
    return try nodes(in: row).first
  }

  private func violations(of judgement: Judgement) -> [String] {
    // A column without a value in any row (an excuse that nobody needed) says nothing.
    let columns = judgement.columns.indices.filter { column in
      judgement.rows.contains { $0[column] != .null }
    }
    let shown = judgement.rows.prefix(Self.shownRows)
    let cells = shown.map { row in columns.map { row[$0].shown } }
    var lines = aligned([columns.map { judgement.columns[$0] }] + cells).map { "  \($0)" }
    let others = (judgement.violations ?? shown.count) - shown.count
    if others > 0 { lines.append("  … and \(others) more") }
    return lines
  }

  private func describe(_ around: Surroundings, of violation: Int) -> [String] {
    func seconds(_ moment: Double) -> String { String(format: "%.3f s", moment) }
    let title =
      "  violation \(violation): \(around.nodes.joined(separator: ", ")) around "
      + seconds(around.moment)
    guard let first = around.lines.first, let last = around.lines.last else {
      return [title + ": no other log lines"]
    }
    let lines = around.lines.map { line in
      [
        seconds(line.moment), line.node, line.kind,
        [line.peer, line.data == "{}" ? nil : SQLValue.text(line.data).shown]
          .compactMap(\.self).joined(separator: " "),
      ]
    }
    return [title + ", log lines from \(seconds(first.moment)) to \(seconds(last.moment)):"]
      + aligned(lines).map { "    \($0)" }
  }
}

extension Verdict {
  var symbol: String {
    switch self {
    case .pass: "✓"
    case .fail: "✗"
    case .inconclusive: "?"
    case .error: "!"
    case .notAsked: "–"
    }
  }

  fileprivate var tone: Tone {
    switch self {
    case .pass: .good
    case .fail, .error: .bad
    case .inconclusive: .unsure
    case .notAsked: .faint
    }
  }
}

extension SQLValue {
  /// The most characters of a value that are shown.
  private static let longestShown = 100

  fileprivate var shown: String {
    switch self {
    case .null: return "-"
    case .integer(let integer): return String(integer)
    case .real(let real): return String(real)
    case .blob(let bytes): return counted(bytes.count, "byte")
    case .text(let text):
      return text.count <= Self.longestShown
        ? text : text.prefix(Self.longestShown - 1) + "…"
    }
  }
}
