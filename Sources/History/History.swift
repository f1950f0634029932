internal import CSQLite
internal import Glibc
package import Messages
internal import NetworkFolders

/// The history: one SQLite file with what happened in every run.
package enum History {
  /// Opens a history for writing. Creates the file if it is absent and brings its schema and views
  /// up to date.
  ///
  /// Write-ahead logging lets people query while runs are recorded; with `synchronous=NORMAL` a
  /// crash of the machine may lose the last transactions but leaves the file sound, and the
  /// collector takes the lost ones up again from the logs.
  ///
  /// - Throws: ``HistoryError`` for a file that is no history, or a newer one; ``DatabaseError``
  ///   from SQLite.
  package static func open(_ file: String) throws -> Database {
    try checkPlace(file)
    let database = try Database(opening: file, mode: .readWrite)
    try checkOwner(of: database)
    try useWriteAheadLog(database)
    try database.execute("PRAGMA synchronous = NORMAL")
    try database.transaction {
      // Again, now that no other process can be in the middle of creating it.
      let version = try checkOwner(of: database)
      try migrate(database, from: version)
      try updateViews(of: database)
    }
    return database
  }

  /// Checks that the file is a history of a schema that is not newer, and gives its version: 0 for
  /// an empty file.
  @discardableResult
  static func checkOwner(of database: borrowing Database) throws -> Int64 {
    // One statement sees one state of the file: another process may be creating it right now.
    let statement = try database.prepare(
      """
      SELECT (SELECT count(*) FROM sqlite_schema), application_id, user_version
      FROM pragma_application_id, pragma_user_version
      """)
    guard try statement.step() else { preconditionFailure("a SELECT of scalars gives a row") }
    let (entries, owner, version) = (
      statement.integer(at: 0), statement.integer(at: 1), statement.integer(at: 2)
    )
    statement.reset()
    if owner == 0, version == 0, entries == 0 { return 0 }
    guard owner == Schema.applicationID else {
      throw HistoryError(
        "\(database.file): this is another program's SQLite database, not a history: choose another "
          + "file", choice: .history)
    }
    guard version <= Schema.version else {
      throw HistoryError(
        "\(database.file): this history has schema version \(version), and this seedbed reads up to "
          + "\(Schema.version): use a newer seedbed, or choose another file", choice: .history)
    }
    return version
  }

  /// Makes the tables in an empty database.
  static func makeTables(in database: borrowing Database) throws {
    try migrate(database, from: 0)
  }

  /// Makes the file's views those of the networks that are found, and of whose runs it has.
  private static func updateViews(of database: borrowing Database) throws {
    // Where the networks' folder was left behind, what the file has is better than nothing.
    guard NetworkFolders.library != nil else { return }
    // Nobody's broken file is to keep other networks' runs from being recorded.
    let sound = try database.networks(of: nil).filter { (try? Views([$0])) != nil }
    try Views(sound, isOneRuns: false).update(in: database)
  }

  private static func migrate(_ database: borrowing Database, from version: Int64) throws {
    guard version < Schema.version else { return }
    for migration in Schema.migrations[Int(version)...] {
      do {
        try database.execute(migration.sql)
      } catch {
        throw HistoryError("\(database.file): cannot \(migration.name): \(error.message)")
      }
    }
    try database.execute(
      "PRAGMA application_id = \(Schema.applicationID); PRAGMA user_version = \(Schema.version)")
  }

  /// Two processes that switch a new file at once can lock each other out, which SQLite reports at
  /// once instead of waiting: the loser tries again.
  private static func useWriteAheadLog(_ database: borrowing Database) throws {
    for attempt in 1... {
      do {
        guard try database.text("PRAGMA journal_mode = WAL") == "wal" else {
          throw HistoryError(
            "\(database.file): its disk does not support write-ahead logging (a network drive?): "
              + "choose another file", choice: .history)
        }
        return
      } catch let error as DatabaseError where error.isBusy && attempt < 500 {
        usleep(10_000)
      }
    }
  }

  /// Whether there is a file.
  package static func exists(_ file: String) -> Bool { unsafe access(file, F_OK) == 0 }

  /// SQLite says "unable to open database file" for all of these.
  static func checkPlace(_ file: String) throws {
    var status = stat()
    if unsafe stat(file, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFREG else {
        throw HistoryError("\(file): this is not a file: choose another one", choice: .history)
      }
      return
    }
    guard errno == ENOENT || errno == ENOTDIR else {
      throw HistoryError("\(file): \(systemMessage(errno)): choose another file", choice: .history)
    }
    let folder = file.lastIndex(of: "/").map { $0 == file.startIndex ? "/" : file[..<$0] } ?? "."
    guard unsafe stat(String(folder), &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw HistoryError(
        "\(file): there is no folder '\(folder)': create it or choose another file",
        choice: .history)
    }
  }
}

/// What is wrong with a history or with a run's folder, and what to do about it.
package struct HistoryError: ReportedError, Equatable {
  package var description: String
  package var exitCode: ExitCode
  package var choice: Choice?

  package init(_ description: String, exitCode: ExitCode = .usage, choice: Choice? = nil) {
    self.description = description
    self.exitCode = exitCode
    self.choice = choice
  }
}
