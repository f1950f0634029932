package import History

/// The log lines around a violation: of each node that its row names, a few lines, first those about
/// another of them, then those nearest in time to the first moment that the row names.
package struct Surroundings: Sendable, Equatable {
  /// In seconds since the run began.
  package var moment: Double
  /// In order of time.
  package var lines: [Line]

  package struct Line: Sendable, Equatable {
    package var moment: Double
    package var node: String
    package var kind: String
    /// The peer's name, or its address where it is no node of the run.
    package var peer: String?
    /// The other fields, as a JSON object.
    package var data: String
  }

  /// How many nodes of a row are looked at, and how many lines of each.
  static let mostNodes = 4
  static let linesPerNode = 3
}

extension Judge {
  /// Where columns of this name end in `_s` they hold moments, in seconds since the run began. A row
  /// without any is about the moment when the run was stopped.
  package func surroundings(of row: [SQLValue], columns: [String]) throws -> Surroundings? {
    let nodes = try nodes(in: row)
    let moments = zip(columns, row).compactMap { column, value -> Double? in
      guard column.hasSuffix("_s") else { return nil }
      switch value {
      case .real(let seconds): return seconds
      case .integer(let seconds): return Double(seconds)
      case .null, .text, .blob: return nil
      }
    }
    guard !nodes.isEmpty, let moment = try moments.first ?? stopping() else { return nil }
    history.database.limitTime(to: timeLimit)
    let statement = try history.database.prepare(
      """
      SELECT s, node, kind, peer, data FROM (
        SELECT (e.t - r.began_t) / 1e6 AS s, e.node, e.n, e.kind,
          coalesce(p.node, e.peer) AS peer, e.data,
          row_number() OVER (
            PARTITION BY e.node
            ORDER BY p.node IN (SELECT value FROM json_each(?2)) DESC,
              abs((e.t - r.began_t) / 1e6 - ?1), e.n) AS place
        FROM events e JOIN runs r
          LEFT JOIN nodes p ON p.address = e.peer
        WHERE e.node IN (SELECT value FROM json_each(?2))
      )
      WHERE place <= ?3
      ORDER BY s, node, n
      """)
    let names = JSON.list(nodes.prefix(Surroundings.mostNodes).map(JSON.text))
    try statement.bind(
      .real(moment), .text(names), .integer(Int64(Surroundings.linesPerNode)))
    var lines: [Surroundings.Line] = []
    while try statement.step() {
      guard case .real(let seconds) = statement.value(at: 0) else { continue }
      lines.append(
        Surroundings.Line(
          moment: seconds, node: statement.text(at: 1) ?? "", kind: statement.text(at: 2) ?? "",
          peer: statement.text(at: 3), data: statement.text(at: 4) ?? "{}"))
    }
    return Surroundings(moment: moment, lines: lines)
  }

  /// The nodes that a row names, alone in a column or in a list with commas; each once, in order.
  private func nodes(in row: [SQLValue]) throws -> [String] {
    let statement = try history.database.prepare("SELECT 1 FROM nodes WHERE node = ?")
    var found: [String] = []
    for case .text(let text) in row {
      for word in text.split(separator: ",").map({ String($0.drop { $0 == " " }) })
      where !found.contains(word) {
        try statement.bind(.text(word))
        if try statement.step() { found.append(word) }
        statement.reset()
      }
    }
    return found
  }

  private func stopping() throws -> Double? {
    let statement = try history.database.prepare("SELECT (stopping_t - began_t) / 1e6 FROM runs")
    guard try statement.step(), case .real(let seconds) = statement.value(at: 0) else { return nil }
    return seconds
  }
}
