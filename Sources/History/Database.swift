internal import CSQLite
internal import Glibc
internal import Messages

/// A connection to an SQLite database: a thin wrapper that turns result codes into errors and frees
/// what it opened exactly once.
///
/// A connection belongs to one thread at a time (it is opened without SQLite's own mutexes).
@safe package struct Database: ~Copyable {
  package enum Mode: Sendable {
    /// Creates the file when it is absent.
    case readWrite
    case readOnly
  }

  let handle: OpaquePointer
  /// The file's path as it was given, for messages.
  package let file: String
  /// Owned here because SQLite keeps only a pointer to it.
  private let deadline = Deadline()
  private let place = Place()

  /// How long a statement waits for another process's transaction before it fails: long enough for
  /// several runs that write to one history.
  package static let busyTimeoutMilliseconds: Int32 = 30_000

  /// Opens a file, or makes it where that may be written.
  ///
  /// - Throws: SQLite's refusal.
  package init(opening file: String, mode: Mode) throws(DatabaseError) {
    let flags =
      switch mode {
      case .readWrite: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
      case .readOnly: SQLITE_OPEN_READONLY
      }
    var opened: OpaquePointer?
    let unchanging = mode == .readOnly ? Self.unchangingName(file) : nil
    let code = unsafe sqlite3_open_v2(
      unchanging ?? file, &opened,
      flags | SQLITE_OPEN_NOMUTEX | (unchanging == nil ? 0 : SQLITE_OPEN_URI), nil)
    guard code == SQLITE_OK, let handle = unsafe opened else {
      let error = unsafe DatabaseError(code: code, handle: opened, sql: nil, file: file)
      unsafe sqlite3_close_v2(opened)
      throw error
    }
    unsafe self.handle = handle
    self.file = file
    unsafe sqlite3_extended_result_codes(handle, 1)
    unsafe sqlite3_busy_timeout(handle, Self.busyTimeoutMilliseconds)
  }

  /// To read a database with a write-ahead log SQLite writes beside it. Where it cannot, and there is no
  /// log, the file has to be opened as one that nobody changes: the name for that, or `nil`.
  private static func unchangingName(_ file: String) -> String? {
    let folder = file.lastIndex(of: "/").map { String(file[...$0]) } ?? "."
    guard unsafe access(file, R_OK) == 0, unsafe access(folder, W_OK) != 0,
      unsafe access("\(file)-wal", F_OK) != 0
    else { return nil }
    // https://sqlite.org/uri.html
    let escaped = file.replacing("%", with: "%25").replacing("?", with: "%3f")
      .replacing("#", with: "%23")
    return "file:\(escaped)?immutable=1"
  }

  deinit {
    // Statements that are still alive keep a closed connection until they are finalised.
    unsafe sqlite3_close_v2(handle)
  }

  /// Runs every statement in `sql` and drops their rows. Never what comes from a file: that is one
  /// statement (``prepare(_:)``), or a file could do anything.
  ///
  /// - Throws: SQLite's refusal of the first that does not work; those before it were run.
  package func execute(_ sql: String) throws(DatabaseError) {
    let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw error(code, sql: sql) }
  }

  /// Compiles the one statement in `sql`. With more than one, or none, it throws.
  ///
  /// - Throws: SQLite's refusal, or that there is not exactly one.
  package func prepare(_ sql: String) throws(DatabaseError) -> Statement {
    var rest = sql[...]
    guard let statement = try prepareNext(&rest) else {
      throw DatabaseError(
        code: SQLITE_ERROR, message: "there is no statement here", sql: sql, file: file)
    }
    guard try prepareNext(&rest) == nil else {
      throw DatabaseError(
        code: SQLITE_ERROR, message: "there is more than one statement here; give one", sql: sql,
        file: file)
    }
    return statement
  }

  /// Compiles the first statement of `rest` and removes it from there; `nil` when only spaces and
  /// comments are left.
  ///
  /// - Throws: SQLite's refusal.
  package func prepareNext(_ rest: inout Substring) throws(DatabaseError) -> Statement? {
    while !rest.isEmpty {
      var compiled: OpaquePointer?
      var consumed = 0
      let sql = String(rest)
      let code = unsafe sql.withCString { start in
        var tail: UnsafePointer<CChar>?
        let code = unsafe sqlite3_prepare_v2(handle, start, -1, &compiled, &tail)
        if let tail = unsafe tail { consumed = unsafe tail - start }
        return code
      }
      guard code == SQLITE_OK else { throw error(code, sql: sql) }
      let used = sql.utf8.index(sql.startIndex, offsetBy: consumed)
      // A NUL byte ends SQLite's reading; what follows it would never be consumed.
      rest = consumed == 0 ? "" : Substring(sql[used...])
      if let compiled = unsafe compiled {
        return unsafe Statement(
          handle: compiled, connection: handle, sql: String(sql[..<used]), file: file)
      }
    }
    return nil
  }

  /// Runs `body` in a transaction that holds the write lock from its start, so that what it reads
  /// cannot change before it writes. An error rolls back.
  ///
  /// - Throws: what `body` throws; SQLite's refusal to begin or to commit.
  package func transaction<T>(_ body: () throws -> T) throws -> T {
    try execute("BEGIN IMMEDIATE")
    do {
      let result = try body()
      try execute("COMMIT")
      return result
    } catch {
      // SQLite has already rolled back after some errors (a full disk); then this is one too many.
      unsafe sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
      throw error
    }
  }

  /// The first column of the first row as an integer; `nil` when there is no row or it is NULL.
  ///
  /// - Throws: SQLite's refusal.
  package func integer(_ sql: String) throws(DatabaseError) -> Int64? {
    let statement = try prepare(sql)
    guard try statement.step(), case .integer(let value) = statement.value(at: 0) else {
      return nil
    }
    return value
  }

  /// The first column of the first row as text; `nil` when there is no row or it is NULL.
  ///
  /// - Throws: SQLite's refusal.
  package func text(_ sql: String) throws(DatabaseError) -> String? {
    let statement = try prepare(sql)
    guard try statement.step() else { return nil }
    return statement.text(at: 0)
  }

  /// Makes sure that the file is still where it was opened: whoever opens it now gets the same.
  ///
  /// - Throws: ``HistoryError`` when it was removed or replaced. What this connection writes is lost
  ///   then.
  package func checkPlace() throws(HistoryError) {
    var hasMoved: Int32 = 0
    unsafe sqlite3_file_control(handle, "main", SQLITE_FCNTL_HAS_MOVED, &hasMoved)
    let log = Self.identity(of: "\(file)-wal")
    if hasMoved == 0 {
      place.log = log
      return
    }
    // SQLite leaves the log of a file that has moved where it is: it would be taken for that of the file
    // which is there now, unless it is that file's already.
    if log != nil, log == place.log {
      for end in ["-wal", "-shm"] { unsafe unlink(file + end) }
    }
    throw HistoryError("\(file): this file was removed or replaced meanwhile", exitCode: .error)
  }

  /// Makes sure that the file is not damaged.
  ///
  /// - Throws: ``DatabaseError`` with what is damaged.
  package func check() throws {
    let found = try text("PRAGMA quick_check(1)") ?? ""
    guard found == "ok" else {
      throw DatabaseError(
        code: SQLITE_CORRUPT, message: found.split(separator: "\n").joined(separator: ": "),
        sql: nil, file: file)
    }
  }

  /// ``check()``, where it takes no more than a moment.
  ///
  /// - Throws: the same.
  package func checkIfSmall() throws {
    let size = try integer("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
    if (size ?? 0) <= Self.smallSize { try check() }
  }

  /// In bytes: it takes about 20 ms.
  private static let smallSize: Int64 = 1 << 24

  /// From now on every statement that still runs after `limit` fails with ``DatabaseError`` whose
  /// ``DatabaseError/isInterruption`` is true: for whoever waits.
  package func limitTime(to limit: Duration) {
    let end = ContinuousClock.now + limit
    interruptStatements { ContinuousClock.now >= end }
  }

  /// The same when this thread has had so much of a processor: for statements that may be wrong, on a
  /// machine that may be busy. Waiting for a disk or another process does not count.
  package func limitProcessorTime(to limit: Duration) {
    let end = Self.processorTime + limit
    interruptStatements { Self.processorTime >= end }
  }

  /// What this thread has had of a processor so far.
  private static var processorTime: Duration {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }

  private func interruptStatements(when isOver: @escaping () -> Bool) {
    deadline.isOver = isOver
    let context = unsafe Unmanaged.passUnretained(deadline).toOpaque()
    unsafe sqlite3_progress_handler(
      handle, 10_000,
      { context in
        guard let context = unsafe context else { return 0 }
        let deadline = unsafe Unmanaged<Deadline>.fromOpaque(context).takeUnretainedValue()
        return deadline.isOver() ? 1 : 0
      }, context)
  }

  private final class Deadline {
    var isOver: () -> Bool = { false }
  }

  private final class Place {
    /// The write-ahead log when the file was last found where it was opened.
    var log: [UInt64]?
  }

  /// A file's device and inode; `nil` where there is none.
  private static func identity(of path: String) -> [UInt64]? {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? [UInt64(status.st_dev), UInt64(status.st_ino)] : nil
  }

  func error(_ code: Int32, sql: String) -> DatabaseError {
    unsafe DatabaseError(code: code, handle: handle, sql: sql, file: file)
  }
}
