internal import CSQLite

/// A history for people's and checks' SQL: nothing can be changed through it, and it can be limited
/// to one run.
package struct ReadOnlyHistory: ~Copyable {
  package let database: Database

  /// Opens a history for reading. With a run, every table and view that has a `run` column holds that
  /// run's rows only, so the SQL needs no filter. Tables have columns that are computed too
  /// (``Table/shown``), and there are aggregates that SQLite lacks (``Percentile``).
  package init(_ file: String, run: Int64? = nil) throws {
    database = try Self.open(file, run: run)
  }

  private static func open(_ file: String, run: Int64?) throws -> Database {
    try History.checkPlace(file)
    guard History.exists(file) else {
      throw HistoryError(
        "\(file): there is no history yet: 'seedbed run' makes one, and 'seedbed collect' rebuilds it"
      )
    }
    let database = try Database(opening: file, mode: .readOnly)
    let version = try History.checkOwner(of: database)
    guard version == Schema.version else {
      throw HistoryError(
        version == 0
          ? "\(file): this history is empty: 'seedbed run' or 'seedbed collect' fills it"
          : "\(file): this history has the older schema version \(version): 'seedbed collect' on a "
            + "run's folder brings it up to \(Schema.version)")
    }
    try database.execute("PRAGMA temp_store = MEMORY")
    try Percentile.register(in: database)
    for table in Schema.tables {
      try database.execute("CREATE TEMP VIEW \(table.view(ofRun: run))")
    }
    // A temporary view reads the temporary views above before the tables of the same names.
    for view in View.all { try database.execute("CREATE TEMP VIEW \(view.definition)") }
    // These functions make a table of their own when they are first used, which is refused later.
    try database.execute("SELECT 1 FROM json_each('[]'), json_tree('[]')")
    database.refuseWrites()
    return database
  }
}

extension Database {
  /// From now on compiles statements only if they read: no writing, no ATTACH, no PRAGMA but the
  /// ones that describe tables.
  borrowing func refuseWrites() {
    unsafe sqlite3_set_authorizer(
      handle,
      { _, action, first, _, _, _ in
        switch action {
        case SQLITE_SELECT, SQLITE_READ, SQLITE_FUNCTION, SQLITE_RECURSIVE: return SQLITE_OK
        case SQLITE_PRAGMA:
          let name = unsafe first.map { unsafe String(cString: $0).lowercased() }
          return ["table_info", "table_xinfo", "table_list"].contains(name)
            ? SQLITE_OK : SQLITE_DENY
        default: return SQLITE_DENY
        }
      }, nil)
  }
}
