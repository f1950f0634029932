internal import Glibc

/// A run as it is stored, for whoever decides what to keep.
package struct StoredRun: Sendable {
  package var run: Int64
  package var name: String
  package var folder: String
}

extension History {
  /// Every run of a history, the one launched last first.
  ///
  /// - Parameter age: only those launched at least so many seconds ago.
  /// - Throws: ``HistoryError`` or ``DatabaseError`` where the file cannot be read.
  package static func runs(of file: String, olderThan age: Int64 = 0) throws -> [StoredRun] {
    let history = try ReadOnlyHistory(file)
    // A name begins with the time of the launch; a simulation's own times are virtual.
    let statement = try history.database.prepare(
      """
      SELECT run, name, folder FROM runs
      WHERE ?1 = 0 OR substr(name, 1, 15) <= strftime('%Y%m%d-%H%M%S', 'now', -?1 || ' seconds')
      ORDER BY substr(name, 1, 15) DESC, run DESC
      """)
    try statement.bind(.integer(age))
    var runs: [StoredRun] = []
    while try statement.step() {
      runs.append(
        StoredRun(
          run: statement.integer(at: 0), name: statement.text(at: 1) ?? "",
          folder: statement.text(at: 2) ?? ""))
    }
    return runs
  }

  /// Removes all rows of runs, and gives the space back where nobody else uses the file.
  ///
  /// - Throws: ``HistoryError`` or ``DatabaseError`` where the file cannot be written; the runs
  ///   before are removed then.
  package static func remove(runs: [Int64], from file: String) throws {
    let database = try open(file)
    for run in runs {
      try database.transaction {
        for table in Schema.tables {
          try database.execute("DELETE FROM \(table.name) WHERE run = \(run)")
        }
      }
    }
    // Where it cannot be given back, later runs use it.
    try? database.execute("PRAGMA busy_timeout = 0; VACUUM")
  }

  // MARK: - Verdicts

  /// The columns of a verdict, in the order of the JSON that verdicts are exported as.
  private static let verdictColumns = [
    "name", "promise", "severity", "verdict", "violations", "witnesses", "least_witnesses",
    "reason",
    "rows", "judged_t",
  ]

  /// The verdicts on a run, which alone are not in its folder: a JSON array of objects.
  ///
  /// - Throws: ``HistoryError`` or ``DatabaseError`` where the file cannot be read.
  package static func verdicts(on run: Int64, in file: String) throws -> String {
    let fields = verdictColumns.map { "'\($0)', \($0)" }.joined(separator: ", ")
    return try ReadOnlyHistory(file, run: run).database.text(
      "SELECT json_group_array(json_object(\(fields))) FROM (SELECT * FROM checks ORDER BY name)")
      ?? "[]"
  }

  /// Puts verdicts back that ``verdicts(on:in:)`` gave.
  ///
  /// - Throws: `DatabaseError` when the text is not such JSON.
  package static func restore(verdicts: String, on run: Int64, in file: String) throws {
    let database = try open(file)
    let statement = try database.prepare(
      """
      INSERT OR REPLACE INTO checks (run, \(verdictColumns.joined(separator: ", ")))
      SELECT ?1, \(verdictColumns.map { "value ->> '\($0)'" }.joined(separator: ", "))
      FROM json_each(?2)
      WHERE value ->> 'verdict' IN ('pass', 'fail', 'inconclusive', 'error', 'not asked')
        AND value ->> 'severity' IN ('error', 'warning')
      """)
    try statement.bind(.integer(run), .text(verdicts))
    try statement.run()
  }
}
