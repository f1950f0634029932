internal import FoundationEssentials
internal import History

extension [Judgement] {
  /// Puts the verdicts on a run into the history, over those that are there of the same checks.
  ///
  /// - Throws: `HistoryError` or `DatabaseError` where the history cannot be written.
  package func store(run: Int64, history file: String) throws {
    let database = try History.open(file)
    let now = Int64(Date().timeIntervalSince1970 * 1_000_000)
    try database.transaction {
      let statement = try database.prepare(
        """
        INSERT OR REPLACE INTO checks (run, name, promise, severity, verdict, violations, witnesses,
          least_witnesses, reason, rows, judged_t)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
      for judgement in self {
        let check = judgement.check
        try statement.bind(
          .integer(run), .text(check.name), .text(check.promise), .text(check.severity.rawValue),
          .text(judgement.verdict.rawValue), .count(judgement.violations),
          .count(judgement.witnesses), .integer(Int64(check.leastWitnesses)),
          .text(judgement.reason), .text(judgement.rowsAsJSON), .integer(now))
        try statement.run()
      }
    }
  }

  /// All of it as one JSON array, for programs.
  package var json: String {
    JSON.list(
      map { judgement in
        let check = judgement.check
        return JSON.object([
          ("check", JSON.text(check.name)),
          ("promise", JSON.text(check.promise)),
          ("severity", JSON.text(check.severity.rawValue)),
          ("verdict", JSON.text(judgement.verdict.rawValue)),
          ("reason", JSON.text(judgement.reason)),
          ("violations", JSON.value(.count(judgement.violations))),
          ("witnesses", JSON.value(.count(judgement.witnesses))),
          ("least_witnesses", String(check.leastWitnesses)),
          ("file", JSON.text(check.file)),
          ("rows", judgement.rowsAsJSON),
        ])
      })
  }
}

extension Judgement {
  /// The kept violations: a list of objects by column.
  var rowsAsJSON: String {
    JSON.list(rows.map { JSON.object(zip(columns, $0.map(JSON.value))) })
  }
}

extension SQLValue {
  fileprivate static func count(_ number: Int?) -> SQLValue {
    number.map { .integer(Int64($0)) } ?? .null
  }
}
