import Messages

extension Schema {
  /// What to add to SQLite's message about a table or a column that there is not: the nearest that there
  /// is, or where they are. Nothing for other messages.
  static func advice(for message: String, in sql: String) -> String {
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

  /// The tables and views that people see, with their columns.
  private static let shown =
    tables.map { (name: $0.name, columns: $0.shown.map(\.name)) }
    + View.all.map { (name: $0.name, columns: $0.columns.map(\.name)) }

  /// The name without what it was qualified with; newer SQLites quote it and say more.
  private static func name(in message: String, after prefix: String) -> String? {
    guard message.hasPrefix(prefix) else { return nil }
    let found = message.dropFirst(prefix.count).prefix { $0 != " " }.filter { $0 != "\"" }
    return found.split(separator: ".").last.map(String.init)
  }
}
