internal import CSQLite

/// A value as SQLite stores it.
package enum SQLValue: Equatable, Sendable {
  case null
  case integer(Int64)
  case real(Double)
  case text(String)
  case blob([UInt8])
}

/// A compiled statement, finalised exactly once.
@safe package struct Statement: ~Copyable {
  let handle: OpaquePointer
  private let connection: OpaquePointer
  package let sql: String
  private let file: String

  init(handle: OpaquePointer, connection: OpaquePointer, sql: String, file: String) {
    unsafe self.handle = handle
    unsafe self.connection = connection
    self.sql = sql
    self.file = file
  }

  deinit {
    unsafe sqlite3_finalize(handle)
  }

  /// Binds parameters in order, from `?1`.
  ///
  /// - Throws: SQLite's refusal, as of one parameter too many.
  package func bind(_ values: SQLValue...) throws(DatabaseError) {
    for (position, value) in values.enumerated() {
      try bind(value, at: Int32(position + 1))
    }
  }

  /// Binds the parameters that the statement has among these names (`:run`), and leaves out the
  /// rest.
  ///
  /// - Throws: SQLite's refusal.
  package func bind(_ values: KeyValuePairs<String, SQLValue>) throws(DatabaseError) {
    for (name, value) in values {
      let position = unsafe sqlite3_bind_parameter_index(handle, name)
      if position > 0 { try bind(value, at: position) }
    }
  }

  func bind(_ value: SQLValue, at position: Int32) throws(DatabaseError) {
    switch value {
    case .null: try check(unsafe sqlite3_bind_null(handle, position))
    case .integer(let integer): try check(unsafe sqlite3_bind_int64(handle, position, integer))
    case .real(let real): try check(unsafe sqlite3_bind_double(handle, position, real))
    case .text(var text):
      let code = text.withUTF8 { bytes in
        // Without an address SQLite would bind NULL.
        guard let start = bytes.baseAddress else {
          return unsafe sqlite3_bind_text(handle, position, "", 0, seedbed_sqlite_transient())
        }
        return unsafe sqlite3_bind_text64(
          handle, position, UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self),
          UInt64(bytes.count), seedbed_sqlite_transient(), UInt8(SQLITE_UTF8))
      }
      try check(code)
    case .blob(let bytes):
      let code = unsafe bytes.withUnsafeBytes { bytes in
        unsafe sqlite3_bind_blob64(
          handle, position, bytes.baseAddress, UInt64(bytes.count), seedbed_sqlite_transient())
      }
      try check(code)
    }
  }

  /// Goes on to the next row; false when there is none left.
  ///
  /// - Throws: SQLite's refusal.
  package func step() throws(DatabaseError) -> Bool {
    switch unsafe sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    case let code: throw error(code)
    }
  }

  /// Runs the statement to its end and makes it ready to run again. Bindings stay.
  ///
  /// - Throws: SQLite's refusal.
  package func run() throws(DatabaseError) {
    // Also after an error, or no value could be bound any more.
    defer { reset() }
    while try step() {}
  }

  /// Makes the statement ready to run again. Bindings stay.
  package func reset() {
    // Its result repeats the error that `step` has thrown already.
    unsafe sqlite3_reset(handle)
  }

  package var columnCount: Int { unsafe Int(sqlite3_column_count(handle)) }

  package var columnNames: [String] {
    (0..<columnCount).map { column in
      guard let name = unsafe sqlite3_column_name(handle, Int32(column)) else { return "" }
      return unsafe String(cString: name)
    }
  }

  /// A column of the current row, from 0.
  package func value(at column: Int) -> SQLValue {
    let position = Int32(column)
    switch unsafe sqlite3_column_type(handle, position) {
    case SQLITE_INTEGER: return .integer(unsafe sqlite3_column_int64(handle, position))
    case SQLITE_FLOAT: return .real(unsafe sqlite3_column_double(handle, position))
    case SQLITE_TEXT: return .text(text(at: column) ?? "")
    case SQLITE_BLOB:
      let start = unsafe sqlite3_column_blob(handle, position)
      let count = unsafe Int(sqlite3_column_bytes(handle, position))
      return .blob(unsafe Array(UnsafeRawBufferPointer(start: start, count: count)))
    default: return .null
    }
  }

  /// A column as an integer, converted as SQLite does; 0 for NULL.
  package func integer(at column: Int) -> Int64 {
    unsafe sqlite3_column_int64(handle, Int32(column))
  }

  /// A column as text; `nil` for NULL. Bytes that are not UTF-8 are repaired.
  package func text(at column: Int) -> String? {
    guard let start = unsafe sqlite3_column_text(handle, Int32(column)) else { return nil }
    let count = unsafe Int(sqlite3_column_bytes(handle, Int32(column)))
    return unsafe String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
  }

  func check(_ code: Int32) throws(DatabaseError) {
    guard code == SQLITE_OK else { throw error(code) }
  }

  private func error(_ code: Int32) -> DatabaseError {
    unsafe DatabaseError(code: code, handle: connection, sql: sql, file: file)
  }
}
