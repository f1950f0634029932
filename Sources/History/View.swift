/// A documented view of the history.
package struct View: Sendable {
  package var name: String
  /// One sentence: what a row is.
  package var summary: String
  /// In the order of the body's columns. The first is `run`.
  package var columns: [(name: String, summary: String)]
  /// The `SELECT`. It joins on `run`, so that it works over all runs; in a connection that is limited
  /// to one run it reads that run's rows only.
  package var body: String

  package init(
    name: String, summary: String, columns: [(name: String, summary: String)], body: String
  ) {
    self.name = name
    self.summary = summary
    self.columns = columns
    self.body = body
  }

  var definition: String {
    "\(name) (\(columns.map(\.name).joined(separator: ", "))) AS \(body)"
  }

  /// Makes the database's views those of this executable. They hold no data, so an older seedbed
  /// may put its own back.
  static func update(in database: borrowing Database) throws {
    var stored: [String: String] = [:]
    do {
      let statement = try database.prepare(
        "SELECT name, sql FROM main.sqlite_schema WHERE type = 'view'")
      while try statement.step() {
        stored[statement.text(at: 0) ?? ""] = statement.text(at: 1)
      }
    }
    let wanted = all.map { (name: $0.name, sql: "CREATE VIEW \($0.definition)") }
    guard stored.count != wanted.count || wanted.contains(where: { stored[$0.name] != $0.sql })
    else { return }
    for name in stored.keys.sorted() { try database.execute("DROP VIEW \(name)") }
    for view in wanted { try database.execute(view.sql) }
  }
}
