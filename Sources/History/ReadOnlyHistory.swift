internal import CSQLite
internal import Glibc

/// A history for people's and checks' SQL: nothing can be changed through it, and it can be limited
/// to one run.
package struct ReadOnlyHistory: ~Copyable {
  package let database: Database

  /// Opens a history for reading. With a run, every table and view that has a `run` column holds that
  /// run's rows only, so the SQL needs no filter.
  package init(_ file: String, run: Int64? = nil) throws {
    database = try Self.open(file, run: run)
  }

  private static func open(_ file: String, run: Int64?) throws -> Database {
    if !History.exists(file), errno == ENOENT {
      throw HistoryError(
        "there are no runs yet: there is no \(file). 'seedbed run' makes one, 'seedbed collect' rebuilds "
          + "it, and --logs and --history say where it is")
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
  package static func empty() throws -> ReadOnlyHistory {
    let database = try Database(opening: ":memory:", mode: .readWrite)
    try History.makeSchema(in: database)
    try limit(database, to: nil)
    return ReadOnlyHistory(database)
  }

  private init(_ database: consuming Database) { self.database = database }

  private static func limit(_ database: borrowing Database, to run: Int64?) throws {
    try database.execute("PRAGMA temp_store = MEMORY")
    if let run {
      for table in Schema.tables {
        try database.execute(
          """
          CREATE TEMP VIEW \(table.name) AS SELECT * FROM main.\(table.name) WHERE run = \(run)
          """)
      }
    }
    // A temporary view reads the temporary views above before the tables of the same names.
    for view in View.all { try database.execute("CREATE TEMP VIEW \(view.definition)") }
    // These functions make a table of their own when they are first used, which is refused later.
    try database.execute("SELECT 1 FROM json_each('[]'), json_tree('[]')")
    database.refuseWrites()
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
