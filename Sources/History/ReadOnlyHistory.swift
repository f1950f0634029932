internal import CSQLite
internal import Glibc
internal import Messages
package import NetworkFolders

/// A history for people's and checks' SQL: nothing can be changed through it, and it can be limited
/// to one run.
package struct ReadOnlyHistory: ~Copyable {
  package let database: Database
  /// The folder of the run's network, where it is one run's and the network did not come with Seedbed.
  package let network: NetworkFolder?
  /// The views that it has.
  package let views: Views

  /// Opens a history for reading. With a run, every table and view that has a `run` column holds that
  /// run's rows only, so the SQL needs no filter; of views of one name, the run has its own network's.
  /// Tables have columns that are computed too (``Table/shown``), and there are aggregates that SQLite
  /// lacks (``Percentile``).
  ///
  /// - Parameter given: a folder to take the network's views from, whatever the plan says.
  /// - Throws: ``HistoryError`` where there is none, or one of another schema; ``DatabaseError``
  ///   from SQLite.
  package init(_ file: String, run: Int64? = nil, network given: NetworkFolder? = nil) throws {
    let database = try Self.open(file)
    let others: [NetworkFolder]
    if let given {
      others = [given]
    } else if let run {
      others = try database.networks(of: run)
    } else {
      // Where one network's files are broken, the others can be asked all the same.
      others = try database.networks(of: nil).filter { (try? Views([$0])) != nil }
    }
    let views = try Views(others, isOneRuns: given != nil || run != nil)
    try Self.limit(database, to: run, views, isStrict: given != nil || run != nil)
    self.init(database, network: given ?? (run == nil ? nil : others.first), views: views)
  }

  private static func open(_ file: String) throws -> Database {
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
    return database
  }

  /// A history without runs, to see what SQL means in any.
  ///
  /// - Parameter network: one that did not come with Seedbed, whose views it has too.
  /// - Throws: ``DatabaseError`` where SQLite has no memory for it.
  package static func empty(_ network: NetworkFolder? = nil) throws -> ReadOnlyHistory {
    let database = try Database(opening: ":memory:", mode: .readWrite)
    try History.makeTables(in: database)
    let views = try Views(network.map { [$0] } ?? [])
    try limit(database, to: nil, views, isStrict: true)
    return ReadOnlyHistory(database, network: network, views: views)
  }

  /// The folder of the run's network, wherever it came from; `nil` where there is none, or where the
  /// history is not limited to a run.
  ///
  /// - Throws: ``DatabaseError`` from SQLite.
  package func networkFolder() throws -> NetworkFolder? {
    if let network { return network }
    return try database.text("SELECT network FROM runs").flatMap(NetworkFolders.found.folder)
  }

  private init(_ database: consuming Database, network: NetworkFolder?, views: Views) {
    self.database = database
    self.network = network
    self.views = views
  }

  /// - Parameter isStrict: whether to throw for a view that does not work.
  private static func limit(
    _ database: borrowing Database, to run: Int64?, _ views: Views, isStrict: Bool
  ) throws {
    try database.execute("PRAGMA temp_store = MEMORY")
    try Percentile.register(in: database)
    for table in Schema.tables {
      try database.execute("CREATE TEMP VIEW \(table.view(ofRun: run))")
    }
    // A temporary view reads the temporary views above before the tables of the same names.
    for view in views.all {
      do throws(DatabaseError) {
        try database.prepare("CREATE TEMP VIEW \(view.definition)").run()
      } catch {
        if isStrict { throw view.located(error) }
      }
    }
    if NetworkFolders.library == nil { try keepStoredViews(of: database) }
    // These functions make a table of their own when they are first used, which is refused later.
    try database.execute("SELECT 1 FROM json_each('[]'), json_tree('[]')")
    if isStrict { for view in views.all where !view.isShipped { try view.check(in: database) } }
    database.refuse(.writes)
  }

  /// Where the networks' folder was left behind, the file has the views that it was last written with.
  private static func keepStoredViews(of database: borrowing Database) throws {
    var definitions: [String] = []
    do {
      let statement = try database.prepare(
        "SELECT substr(sql, length('CREATE VIEW ')) FROM main.sqlite_schema WHERE type = 'view'")
      while try statement.step() { definitions.append(statement.text(at: 0) ?? "") }
    }
    for definition in definitions {
      // What a run's own network has goes before.
      try database.prepare("CREATE TEMP VIEW IF NOT EXISTS\(definition)").run()
    }
  }

  /// A number that an SQL expression over the plan gives; `nil` where it is unknown. It may read what is
  /// known before anything happens, and what was asked of the run since then: no event, and nothing
  /// that a node said.
  ///
  /// - Throws: ``DatabaseError`` where the SQL does not work, or reads what it may not.
  package func planValue(of expression: String) throws -> Int64? {
    database.refuse(.whatHappened)
    defer { database.refuse(.writes) }
    return try database.integer("SELECT (\(expression)\n)")
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
