package import History

/// The log lines around a violation: of each node that its row names those nearest in time to the
/// first moment that the row names, some before and some after, and of those about another of the
/// nodes at least one before and one after.
package struct Surroundings: Sendable, Equatable {
  /// In seconds since the run began.
  package var moment: Double
  /// Whose lines are looked at.
  package var nodes: [String]
  /// In order of time.
  package var lines: [Line]

  package struct Line: Sendable, Hashable {
    package var moment: Double
    package var node: String
    /// Its place in the node's log.
    package var number: Int64
    package var kind: String
    /// The peer's name, or its address where it is no node of the run.
    package var peer: String?
    /// The other fields, as a JSON object.
    package var data: String
  }

  /// How many nodes of a row are looked at, and how many lines of each, before and after.
  static let mostNodes = 4
  static let linesPerSide = 2
}

extension Judge {
  /// Where columns of this name end in `_s` they hold moments, in seconds since the run began. A row
  /// without any is about the moment when the run was stopped.
  ///
  /// - Returns: `nil` for a row that names no node, and where it takes too long to find out.
  /// - Throws: `DatabaseError` where the history cannot be read.
  package func surroundings(of row: [SQLValue], columns: [String]) throws -> Surroundings? {
    let nodes = try nodes(in: row).prefix(Surroundings.mostNodes)
    let moments = zip(columns, row).compactMap { column, value -> Double? in
      guard column.hasSuffix("_s") else { return nil }
      switch value {
      case .real(let seconds): return seconds
      case .integer(let seconds): return Double(seconds)
      case .null, .text, .blob: return nil
      }
    }
    guard !nodes.isEmpty, let moment = try moments.first ?? stopping() else { return nil }
    do {
      return Surroundings(
        moment: moment, nodes: Array(nodes), lines: try lines(of: nodes, around: moment))
    } catch let error as DatabaseError where error.isInterruption {
      return nil
    }
  }

  private func lines(
    of nodes: some Sequence<String>, around moment: Double
  ) throws -> [Surroundings.Line] {
    history.database.limitProcessorTime(to: timeLimit)
    let statement = try history.database.prepare(
      """
      WITH told AS (
        SELECT (e.t - r.began_t) / 1e6 AS s, e.node, e.n, e.kind, e.data,
          coalesce(p.node, e.peer) AS peer,
          coalesce(p.node IN (SELECT value FROM json_each(?2)), 0) AS is_about,
          (e.t - r.began_t) / 1e6 > ?1 AS is_after,
          -- Of one moment, what is said last is nearest to what follows.
          iif((e.t - r.began_t) / 1e6 > ?1, e.n, -e.n) AS turn
        FROM events e JOIN runs r LEFT JOIN nodes p ON p.address = e.peer
        WHERE e.node IN (SELECT value FROM json_each(?2))
      ), placed AS (
        SELECT *,
          row_number() OVER (PARTITION BY node, is_after ORDER BY abs(s - ?1), turn) AS place,
          row_number() OVER (PARTITION BY node, is_after, is_about ORDER BY abs(s - ?1), turn)
            AS place_about
        FROM told
      )
      SELECT s, node, n, kind, peer, data FROM placed
      WHERE place <= ?3 OR is_about AND place_about = 1
      ORDER BY s, node, n
      """)
    try statement.bind(
      .real(moment), .text(JSON.list(nodes.map(JSON.text))),
      .integer(Int64(Surroundings.linesPerSide)))
    var lines: [Surroundings.Line] = []
    while try statement.step() {
      guard case .real(let seconds) = statement.value(at: 0) else { continue }
      lines.append(
        Surroundings.Line(
          moment: seconds, node: statement.text(at: 1) ?? "", number: statement.integer(at: 2),
          kind: statement.text(at: 3) ?? "", peer: statement.text(at: 4),
          data: statement.text(at: 5) ?? "{}"))
    }
    return lines
  }

  /// The nodes that a row names, alone in a column or in a list with commas; each once, in order.
  func nodes(in row: [SQLValue]) throws -> [String] {
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
