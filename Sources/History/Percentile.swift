internal import CSQLite

/// `percentile(x, p)` and `median(x)` for people's SQL, as SQLite's own extension of that name has them
/// (https://sqlite.org/percentile.html), which few builds of SQLite include: p is from 0 to 100, between
/// two values lies what is between them in proportion, NULL does not count, and of nothing it is NULL.
enum Percentile {
  /// Adds both to a connection.
  static func register(in database: borrowing Database) throws(DatabaseError) {
    try unsafe database.addAggregate("percentile", arguments: 2, step: step, end: end)
    try unsafe database.addAggregate("median", arguments: 1, step: step, end: end)
  }

  /// What one aggregate has seen.
  private final class Sample {
    var values: [Double] = []
    /// The same in every row.
    let percent: Double

    init(percent: Double) { self.percent = percent }

    /// `nil` of nothing.
    var result: Double? {
      guard !values.isEmpty else { return nil }
      values.sort()
      let place = percent / 100 * Double(values.count - 1)
      let (below, above) = (values[Int(place)], values[min(Int(place) + 1, values.count - 1)])
      return below + (above - below) * (place - place.rounded(.down))
    }
  }

  /// Where SQLite keeps the sample between two calls; `nil` before the first, unless it is made.
  @unsafe private static func slot(
    _ context: OpaquePointer?, make: Bool
  ) -> UnsafeMutablePointer<Unmanaged<Sample>?>? {
    let size = unsafe make ? Int32(MemoryLayout<Unmanaged<Sample>?>.size) : 0
    return unsafe sqlite3_aggregate_context(context, size)?
      .assumingMemoryBound(to: Unmanaged<Sample>?.self)
  }

  private static let step: Database.AggregateStep = { context, count, arguments in
    guard let arguments = unsafe arguments, let slot = unsafe slot(context, make: true) else {
      return unsafe sqlite3_result_error_nomem(context)
    }
    var percent = 50.0
    if count == 2 {
      percent = unsafe sqlite3_value_double(arguments[1])
      let type = unsafe sqlite3_value_numeric_type(arguments[1])
      guard type == SQLITE_INTEGER || type == SQLITE_FLOAT, (0...100).contains(percent) else {
        return unsafe refuse(context, "percentile(x, p) takes a number from 0 to 100 as p")
      }
    }
    if unsafe slot.pointee == nil {
      unsafe slot.pointee = .passRetained(Sample(percent: percent))
    }
    guard let sample = unsafe slot.pointee?.takeUnretainedValue() else { return }
    guard sample.percent == percent else {
      return unsafe refuse(context, "percentile(x, p) takes the same p for all rows")
    }
    switch unsafe sqlite3_value_type(arguments[0]) {
    case SQLITE_NULL: return
    case SQLITE_INTEGER, SQLITE_FLOAT: break
    default: return unsafe refuse(context, "percentile and median take numbers only")
    }
    let value = unsafe sqlite3_value_double(arguments[0])
    guard value.isFinite else {
      return unsafe refuse(context, "percentile and median take finite numbers only")
    }
    sample.values.append(value)
  }

  /// Is called after an error too.
  private static let end: Database.AggregateEnd = { context in
    guard let slot = unsafe slot(context, make: false), let sample = unsafe slot.pointee else {
      return unsafe sqlite3_result_null(context)
    }
    unsafe slot.pointee = nil
    if let result = unsafe sample.takeRetainedValue().result {
      unsafe sqlite3_result_double(context, result)
    } else {
      unsafe sqlite3_result_null(context)
    }
  }

  private static func refuse(_ context: OpaquePointer?, _ message: String) {
    unsafe sqlite3_result_error(context, message, -1)
  }
}

extension Database {
  typealias AggregateStep =
    @convention(c) (OpaquePointer?, Int32, UnsafeMutablePointer<OpaquePointer?>?) -> Void
  typealias AggregateEnd = @convention(c) (OpaquePointer?) -> Void

  /// Adds an aggregate function that statements of this connection can call.
  fileprivate borrowing func addAggregate(
    _ name: String, arguments: Int32, step: AggregateStep, end: AggregateEnd
  ) throws(DatabaseError) {
    let flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC
    let code = unsafe sqlite3_create_function_v2(
      handle, name, arguments, flags, nil, nil, step, end, nil)
    guard code == SQLITE_OK else { throw error(code, sql: "") }
  }
}
