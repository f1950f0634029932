internal import CSQLite
internal import Glibc
internal import Messages

/// A history for people's and checks' SQL: nothing can be changed through it, and it can be limited
/// to one run.
package struct ReadOnlyHistory: ~Copyable {
  package let database: Database

  /// Opens a history for reading. With a run, every table and view that has a `run` column holds that
  /// run's rows only, so the SQL needs no filter. Tables have columns that are computed too
  /// (``Table/shown``), and there are aggregates that SQLite lacks (``Percentile``).
  ///
  /// - Throws: ``HistoryError`` where there is none, or one of another schema; ``DatabaseError``
  ///   from SQLite.
  package init(_ file: String, run: Int64? = nil) throws {
    database = try Self.open(file, run: run)
  }

  private static func open(_ file: String, run: Int64?) throws -> Database {
    if !History.exists(file), errno == ENOENT {
      throw HistoryError(
        "there are no runs yet: there is no \(file). 'seedbed run' makes one, 'seedbed collect' rebuilds it",
        choice: .places)
    }
    try History.checkPlace(file)
    let database = try Database(opening: file, mode: .readOnly)
    let version = try History.checkOwner(of: database)
    guard version == Schema.version else {
      throw HistoryError(
        version == 0
          ? "\(file): this history is empty: 'seedbed run' or 'seedbed collect' fills it"
          : "\(file): this history has the older schema version \(version): 'seedbed collect' on a "
            + "run's folder brings it up to \(Schema.version)")
    }
    try limit(database, to: run)
    return database
  }

  /// A history without runs, to see what SQL means in any.
  ///
  /// - Throws: ``DatabaseError`` where SQLite has no memory for it.
  package static func empty() throws -> ReadOnlyHistory {
    let database = try Database(opening: ":memory:", mode: .readWrite)
    try History.makeSchema(in: database)
    try limit(database, to: nil)
    return ReadOnlyHistory(database)
  }

  private init(_ database: consuming Database) { self.database = database }

  private static func limit(_ database: borrowing Database, to run: Int64?) throws {
    try database.execute("PRAGMA temp_store = MEMORY")
    try Percentile.register(in: database)
    for table in Schema.tables {
      try database.execute("CREATE TEMP VIEW \(table.view(ofRun: run))")
    }
    // A temporary view reads the temporary views above before the tables of the same names.
    for view in View.all { try database.execute("CREATE TEMP VIEW \(view.definition)") }
    // These functions make a table of their own when they are first used, which is refused later.
    try database.execute("SELECT 1 FROM json_each('[]'), json_tree('[]')")
    database.refuse(.writes)
  }

  /// Whether an SQL expression over the plan is true, or unknown. It may read what is known before
  /// anything happens, and what was asked of the run since then: no event, and nothing that a node said.
  ///
  /// - Throws: ``DatabaseError`` where the SQL does not work, or reads what it may not.
  package func planGives(_ expression: String) throws -> Bool {
    database.refuse(.whatHappened)
    defer { database.refuse(.writes) }
    return try database.integer("SELECT coalesce((\(expression)\n) <> 0, 1)") != 0
  }
}

extension Database {
  /// What statements may not do.
  enum Refusal {
    /// Anything but reading: no writing, no ATTACH, no PRAGMA but the ones that describe tables.
    case writes
    /// These, and reading tables of what happened.
    case whatHappened
  }

  /// Tables that say what was planned or asked for.
  private static let planned = ["runs", "faults", "fault_sides"]
  private static let happened = Set(Schema.tables.map(\.name)).subtracting(planned)

  /// From now on compiles only statements that do nothing of that.
  borrowing func refuse(_ refusal: Refusal) {
    // A pointer that is not nil refuses more: the function can capture nothing.
    let more = unsafe refusal == .whatHappened ? UnsafeMutableRawPointer(handle) : nil
    unsafe sqlite3_set_authorizer(
      handle,
      { more, action, first, _, _, _ in
        switch action {
        case SQLITE_READ:
          guard unsafe more != nil, let table = unsafe first else { return SQLITE_OK }
          return unsafe Self.happened.contains(String(cString: table)) ? SQLITE_DENY : SQLITE_OK
        case SQLITE_SELECT, SQLITE_FUNCTION, SQLITE_RECURSIVE: return SQLITE_OK
        case SQLITE_PRAGMA:
          let name = unsafe first.map { unsafe String(cString: $0).lowercased() }
          return ["table_info", "table_xinfo", "table_list"].contains(name)
            ? SQLITE_OK : SQLITE_DENY
        default: return SQLITE_DENY
        }
      }, more)
  }
}
