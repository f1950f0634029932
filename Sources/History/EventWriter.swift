internal import CSQLite

/// Puts one run's rows into the history, many at a time.
///
/// A statement with 32 rows costs SQLite a third less than 32 statements; the texts are bound where
/// they lie in the read buffer, so no byte of an event is copied before SQLite copies it.
@safe struct EventWriter: ~Copyable {
  /// A row of `events` whose texts lie in the read buffer.
  @unsafe struct Row {
    var sequence: Int64
    var time: Int64
    var kind: UnsafeRawBufferPointer
    var peer: UnsafeRawBufferPointer?
    var data: UnsafeRawBufferPointer
  }

  static let rowsPerStatement = 32
  private static let columnsPerRow: Int32 = 5

  private let many: Statement
  private let one: Statement
  private let rejection: Statement
  private let run: Int64
  private var rows: [Row] = unsafe []

  init(_ database: borrowing Database, run: Int64) throws {
    // A throwing initialiser must not leave a noncopyable value half made: first all, then each.
    let many = try database.prepare(Self.insert(rows: Self.rowsPerStatement))
    let one = try database.prepare(Self.insert(rows: 1))
    // A file's faults are found again by every collector that looks at it.
    let rejection = try database.prepare(
      """
      INSERT OR IGNORE INTO rejected_lines (run, node, line_offset, kind, reason, line)
      VALUES (?, ?, ?, ?, ?, ?)
      """)
    self.many = many
    self.one = one
    self.rejection = rejection
    self.run = run
    unsafe rows.reserveCapacity(Self.rowsPerStatement)
  }

  private static func insert(rows: Int) -> String {
    let values = (0..<rows).map { row in
      let columns = (0..<Int(columnsPerRow)).map { "?\(3 + row * Int(columnsPerRow) + $0)" }
      return "(?1, ?2, \(columns.joined(separator: ", ")))"
    }
    // OR FAIL: an error rolls back the whole transaction anyway, and to undo one statement of many
    // rows SQLite would keep a journal for each, which costs more writes than the rows.
    return "INSERT OR FAIL INTO events (run, node, n, t, kind, peer, data) VALUES "
      + values.joined(separator: ", ")
  }

  /// The node whose rows follow.
  mutating func begin(node: String) throws(DatabaseError) {
    try many.bind(.integer(run), .text(node))
    try one.bind(.integer(run), .text(node))
  }

  /// Adds a row. Its texts must stay where they are until ``flush()``.
  mutating func add(_ row: Row) throws(DatabaseError) {
    unsafe rows.append(row)
    guard unsafe rows.count == Self.rowsPerStatement else { return }
    var position: Int32 = 3
    for index in unsafe rows.indices {
      try unsafe Self.bind(rows[index], to: many, at: position)
      position += Self.columnsPerRow
    }
    unsafe rows.removeAll(keepingCapacity: true)
    try many.run()
  }

  /// Adds a row that was made of a line and lies nowhere.
  func add(
    sequence: Int64, time: Int64, kind: String, peer: String?, data: String
  ) throws(DatabaseError) {
    let values: [SQLValue] = [
      .integer(sequence), .integer(time), .text(kind), peer.map { .text($0) } ?? .null, .text(data),
    ]
    for (index, value) in values.enumerated() { try one.bind(value, at: Int32(3 + index)) }
    try one.run()
  }

  /// Stores the rows that are left.
  mutating func flush() throws(DatabaseError) {
    for index in unsafe rows.indices {
      try unsafe Self.bind(rows[index], to: one, at: 3)
      try one.run()
    }
    unsafe rows.removeAll(keepingCapacity: true)
  }

  /// Forgets the rows that are left.
  mutating func drop() {
    unsafe rows.removeAll(keepingCapacity: true)
  }

  /// `line` is `nil` where a file is at fault and not a line.
  func reject(
    node: String, offset: Int64, kind: RejectedLine, reason: String, line: String?
  ) throws(DatabaseError) {
    try rejection.bind(
      .integer(run), .text(node), .integer(offset), .text(kind.rawValue), .text(reason),
      line.map { .text($0) } ?? .null)
    try rejection.run()
  }

  private static func bind(
    _ row: Row, to statement: borrowing Statement, at position: Int32
  ) throws(DatabaseError) {
    let handle = unsafe statement.handle
    try statement.check(unsafe sqlite3_bind_int64(handle, position, row.sequence))
    try statement.check(unsafe sqlite3_bind_int64(handle, position + 1, row.time))
    try unsafe bind(row.kind, to: statement, at: position + 2)
    if let peer = unsafe row.peer {
      try unsafe bind(peer, to: statement, at: position + 3)
    } else {
      try statement.check(unsafe sqlite3_bind_null(handle, position + 3))
    }
    try unsafe bind(row.data, to: statement, at: position + 4)
  }

  /// No destructor means that SQLite reads the text where it is (SQLITE_STATIC).
  private static func bind(
    _ text: UnsafeRawBufferPointer, to statement: borrowing Statement, at position: Int32
  ) throws(DatabaseError) {
    let start = unsafe text.baseAddress?.assumingMemoryBound(to: CChar.self)
    try statement.check(
      unsafe sqlite3_bind_text(statement.handle, position, start, Int32(text.count), nil))
  }
}
