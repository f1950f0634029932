import CSQLite
import Messages

extension Schema {
  /// What to add to SQLite's message about a table or a column that there is not: the nearest that there
  /// is, or where they are. Nothing for other messages.
  static func advice(for message: String, in sql: String, of connection: OpaquePointer?) -> String {
    guard message.hasPrefix("no such ") else { return "" }
    let shown = unsafe connection.map { unsafe tablesAndViews(of: $0) } ?? []
    if let name = name(in: message, after: "no such table: ") {
      let guess = suggestion(for: name, among: shown.map(\.name))
      return guess.isEmpty ? "; docs/SCHEMA.md describes the tables and views" : guess
    }
    guard let name = name(in: message, after: "no such column: ") else { return "" }
    let words = Set(sql.lowercased().split { !($0.isLetter || $0.isNumber || $0 == "_") })
    let used = shown.filter { words.contains($0.name[...]) }
    let guess = suggestion(for: name, among: used.flatMap(\.columns))
    guard guess.isEmpty, used.count == 1, let table = used.first else { return guess }
    return "; \(table.name) has \(table.columns.joined(separator: ", "))"
  }

  /// The tables and views that a connection shows, with their columns.
  private static func tablesAndViews(of connection: OpaquePointer) -> [(
    name: String, columns: [String]
  )] {
    let names = unsafe texts(
      "SELECT name FROM temp.sqlite_schema WHERE type = 'view' ORDER BY rowid", connection)
    return names.map { name in
      (name, unsafe texts("PRAGMA temp.table_info(\(name))", at: 1, connection))
    }
  }

  /// A column of the rows; none where something is wrong, which is nobody's question here.
  private static func texts(
    _ sql: String, at column: Int32 = 0, _ connection: OpaquePointer
  ) -> [String] {
    var prepared: OpaquePointer?
    defer { unsafe sqlite3_finalize(prepared) }
    guard unsafe sqlite3_prepare_v2(connection, sql, -1, &prepared, nil) == SQLITE_OK else {
      return []
    }
    var texts: [String] = []
    while unsafe sqlite3_step(prepared) == SQLITE_ROW {
      texts.append(
        unsafe sqlite3_column_text(prepared, column).map { unsafe String(cString: $0) } ?? "")
    }
    return texts
  }

  /// The name without what it was qualified with; newer SQLites quote it and say more.
  private static func name(in message: String, after prefix: String) -> String? {
    guard message.hasPrefix(prefix) else { return nil }
    let found = message.dropFirst(prefix.count).prefix { $0 != " " }.filter { $0 != "\"" }
    return found.split(separator: ".").last.map(String.init)
  }
}
