internal import CSQLite
package import Messages

/// What SQLite refused, with the statement and the place in it where that is known.
package struct DatabaseError: ReportedError {
  /// SQLite's extended result code.
  package var code: Int32
  /// SQLite's message; of a name that there is not, with the nearest that there is.
  package var message: String
  package var sql: String?
  /// Where in `sql` the error is, in bytes of UTF-8.
  package var offset: Int?
  package var file: String

  init(code: Int32, message: String, sql: String?, file: String) {
    self.code = code
    self.message = message
    self.sql = sql
    self.file = file
  }

  init(code: Int32, handle: OpaquePointer?, sql: String?, file: String) {
    let text = unsafe handle.flatMap { unsafe sqlite3_errmsg($0) } ?? sqlite3_errstr(code)
    let message = unsafe text.map { unsafe String(cString: $0) } ?? "error \(code)"
    self.init(
      code: code, message: message + Schema.advice(for: message, in: sql ?? ""), sql: sql,
      file: file)
    let offset = unsafe handle.map { unsafe Int(sqlite3_error_offset($0)) } ?? -1
    if offset >= 0 { self.offset = offset }
  }

  private var primaryCode: Int32 { code & 0xff }

  /// `SQLITE_IOERR_SHMSIZE`: the write-ahead log's index does not fit on the disk.
  private static let noRoomForIndex = SQLITE_IOERR | 19 << 8

  /// The statement ran longer than ``Database/limitTime(to:)`` or
  /// ``Database/limitProcessorTime(to:)`` allows.
  package var isInterruption: Bool { primaryCode == SQLITE_INTERRUPT }
  /// The statement would change the database, or reach beyond it.
  package var isRefusedWrite: Bool {
    // In a connection that is limited to a run, what looks like a table is a view.
    primaryCode == SQLITE_AUTH || primaryCode == SQLITE_READONLY
      || message.hasPrefix("cannot modify ")
  }
  /// Another connection holds the lock.
  var isBusy: Bool { primaryCode == SQLITE_BUSY }
  /// A value did not fit a table's rules.
  package var isConstraint: Bool { primaryCode == SQLITE_CONSTRAINT }
  /// The statement itself is at fault, not the file, the disk or another process.
  package var isBadSQL: Bool { primaryCode == SQLITE_ERROR || isRefusedWrite }

  /// A statement or a file that cannot be used is bad input; the rest is trouble on the way.
  package var exitCode: ExitCode {
    switch primaryCode {
    case SQLITE_ERROR, SQLITE_AUTH, SQLITE_READONLY, SQLITE_PERM, SQLITE_CANTOPEN, SQLITE_NOTADB,
      SQLITE_FULL:
      .usage
    default: .error
    }
  }

  package var choice: Choice? {
    guard !isBadSQL || primaryCode == SQLITE_READONLY else { return nil }
    return advice.hasSuffix("choose another file") ? .history : nil
  }

  package var description: String {
    guard isBadSQL, primaryCode != SQLITE_READONLY else { return "\(file): \(message)\(advice)" }
    if isRefusedWrite {
      return "the statement is refused (\(message)): the history is open for reading only, so only "
        + "SELECT, VALUES, WITH and EXPLAIN run here"
    }
    return [message, excerpt].compactMap(\.self).joined(separator: "\n")
  }

  /// What to do about errors of the file, the disk and other processes.
  private var advice: String {
    switch primaryCode {
    case SQLITE_FULL: "; free some space on its disk or choose another file"
    case SQLITE_BUSY, SQLITE_LOCKED:
      "; another process has held its lock for "
        + "\(Database.busyTimeoutMilliseconds / 1_000) seconds: wait for it or end it"
    case SQLITE_READONLY, SQLITE_PERM, SQLITE_CANTOPEN:
      "; check the permissions of the file and its folder (SQLite writes beside the file too), or "
        + "choose another file"
    case SQLITE_NOTADB:
      ": move this one away, or choose another file"
    case SQLITE_CORRUPT:
      "; the file is damaged: move it away and rebuild it with 'seedbed collect' on each run's folder"
    case SQLITE_IOERR where code == Self.noRoomForIndex:
      "; free some space on its disk or choose another file"
    case SQLITE_IOERR:
      "; the disk failed to read or write (code \(code)): see the system's log and 'ulimit -f'"
    case SQLITE_INTERRUPT: "; the statement took too long"
    default: ""
    }
  }

  /// The line of SQL at fault, with a mark below the place.
  private var excerpt: String? {
    guard let sql, let offset, offset <= sql.utf8.count else { return nil }
    let place = sql.utf8.index(sql.startIndex, offsetBy: offset)
    let before =
      sql[..<place].split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).last ?? ""
    let after = sql[place...].prefix { !$0.isNewline }
    return "  \(before)\(after)\n  \(String(repeating: " ", count: before.count))^"
  }
}
