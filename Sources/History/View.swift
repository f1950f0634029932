package import NetworkFolders

/// A documented view of the history: a file `views/NAME.sql` of a network, or of what all networks
/// share.
///
/// ```sql
/// -- view: links
/// -- summary: A link between two peers.
/// -- column: run: the run
/// -- column: opened_t: when it was there
/// -- column: opened_s
///
/// SELECT …;
/// ```
///
/// `docs/NETWORKS.md` says more.
package struct View: Sendable {
  package var name: String
  /// One sentence: what a row is.
  package var summary: String
  /// In the order of the body's columns. The first is `run`.
  package var columns: [(name: String, summary: String)]
  /// The shared view whose rows its rows are too; `nil` for none.
  package var provides: String?
  /// The `SELECT`. It joins on `run`, so that it works over all runs; in a connection that is limited
  /// to one run it reads that run's rows only.
  package var body: String
  /// The path it was read from.
  package var file: String
  /// The first line of the body.
  package var line: Int
  /// Whether it came with Seedbed.
  var isShipped = true

  private static let keys = SQLHeader.Keys(
    required: ["view", "summary", "column"], optional: ["provides"], repeated: ["column"])

  /// - Parameters:
  ///   - text: the file's content.
  ///   - file: its path, which errors begin with.
  /// - Throws: for a header that lacks something, or another name than the file's.
  package init(parsing text: String, file: String) throws(NetworkFileError) {
    let header = try SQLHeader(parsing: text, file: file, keys: Self.keys)
    try header.checkName("view")
    let name = header.value("view")
    guard Self.isPlain(name) else {
      throw header.refusal(
        "view", "a view's name has lower-case letters, digits and '_', and begins with a letter")
    }
    if Schema.tables.contains(where: { $0.name == name }) {
      throw header.refusal("view", "'\(name)' is a table of every history: choose another name")
    }
    self.name = name
    summary = header.value("summary")
    provides = header["provides"]?.value
    var columns: [(name: String, summary: String)] = []
    for entry in header.entries where entry.key == "column" {
      let (column, said) = try Self.column(entry, after: columns.map(\.name), file: file)
      columns.append((column, said))
    }
    guard columns[0].name == "run" else {
      throw header.refusal("column", "the first column of every view is 'run'")
    }
    self.columns = columns
    let space = Set(" \t\r\n".utf8)
    let before = header.body.utf8.prefix { space.contains($0) }
    line = header.end + before.count { $0 == UInt8(ascii: "\n") }
    var body = header.body.utf8.dropFirst(before.count)
    while let last = body.last, space.contains(last) || last == UInt8(ascii: ";") {
      body.removeLast()
    }
    self.body = String(Substring(body))
    self.file = file
    if self.body.isEmpty {
      throw NetworkFileError("\(file):\(line): there is no SELECT after the header")
    }
  }

  /// `NAME: what it is`, or the name alone of one that is made by a rule.
  private static func column(
    _ entry: SQLHeader.Entry, after others: [String], file: String
  ) throws(NetworkFileError) -> (name: String, summary: String) {
    let colon = entry.value.utf8.firstIndex(of: UInt8(ascii: ":"))
    let name = String(entry.value[..<(colon ?? entry.value.endIndex)])
    let place = "\(file):\(entry.line): "
    guard isPlain(name) else {
      throw NetworkFileError(
        "\(place)'\(name)' is no name of a column: write '-- column: NAME: what it is'")
    }
    guard !others.contains(name) else {
      throw NetworkFileError("\(place)column '\(name)' stands here twice")
    }
    if let colon { return (name, String(entry.value[colon...].dropFirst().drop { $0 == " " })) }
    let time = name.dropLast() + "t"
    guard name == "s" || name.hasSuffix("_s"), others.contains(String(time)) else {
      throw NetworkFileError(
        "\(place)nothing says what column '\(name)' is: write '-- column: \(name): what it is' (only "
          + "NAME_s after NAME_t needs no text)")
    }
    return (name, "seconds from the run's beginning to `\(time)`")
  }

  private static func isPlain(_ name: String) -> Bool {
    let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
    return name.utf8.first.map(letters.contains) ?? false
      && name.utf8.allSatisfy {
        letters.contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
          || $0 == UInt8(ascii: "_")
      }
  }

  var definition: String {
    "\(name) (\(columns.map(\.name).joined(separator: ", "))) AS \(body)"
  }

  /// Makes sure that SQLite takes the body, and that its columns are those of the header.
  ///
  /// - Parameter database: one that has the other views.
  /// - Throws: what is wrong, with file and line.
  package func check(in database: borrowing Database) throws {
    do throws(DatabaseError) {
      let found = try database.prepare(body).columnNames
      let said = columns.map(\.name)
      guard found != said else { return }
      throw DatabaseError(
        code: 1,
        message: "its SELECT gives \(found.joined(separator: ", ")), and its header says "
          + said.joined(separator: ", "), sql: nil, file: file)
    } catch {
      throw located(error)
    }
  }

  /// What SQLite says of the body, or of the statement that makes the view, with file and line.
  func located(_ error: DatabaseError) -> any Error {
    guard error.isBadSQL else { return error }
    var place = line
    if let sql = error.sql, let offset = error.offset, offset <= sql.utf8.count {
      let before = sql.utf8.count - body.utf8.count
      let inside = sql.hasSuffix(body) ? max(0, offset - before) : 0
      place += body.utf8.prefix(inside).count { $0 == UInt8(ascii: "\n") }
    }
    return NetworkFileError("\(file):\(place): \(error.message)")
  }
}
