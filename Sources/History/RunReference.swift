/// How people name a run: `last`, its number, or the beginning of its name.
extension ReadOnlyHistory {
  /// Opens a history for reading, limited to the run that `reference` names.
  ///
  /// - Throws: ``HistoryError`` where no run is named so, or several are; what ``init(_:run:)``
  ///   throws.
  package init(_ file: String, runNamed reference: String) throws {
    let number = try ReadOnlyHistory(file).run(named: reference)
    try self.init(file, run: number)
  }

  /// The folder of the one run that is seen, as it was when the run was recorded.
  ///
  /// - Throws: ``HistoryError`` where it has none.
  package func folder() throws -> String {
    let statement = try database.prepare("SELECT folder FROM runs")
    guard try statement.step(), let folder = statement.text(at: 0) else {
      throw HistoryError("\(database.file): the run has no folder")
    }
    return folder
  }

  /// How many of the runs that a reference could mean are named.
  private static var mostNamed: Int { 5 }

  /// The number of the run that `reference` names. `last` is the one launched last, which a run's
  /// name begins with: a simulation's own times are virtual.
  ///
  /// - Throws: ``HistoryError`` where no run is named so, or several are.
  package func run(named reference: String) throws -> Int64 {
    let last = "SELECT run, name FROM main.runs ORDER BY substr(name, 1, 15) DESC, run DESC LIMIT 1"
    let named = """
      SELECT run, name FROM main.runs
      WHERE run = :reference OR :reference <> '' AND substr(name, 1, length(:reference)) = :reference
      ORDER BY run = :reference DESC, name = :reference DESC, run
      """
    let statement = try database.prepare(reference == "last" ? last : named)
    try statement.bind([":reference": .text(reference)])
    var found: [(run: Int64, name: String)] = []
    while try statement.step() {
      found.append((statement.integer(at: 0), statement.text(at: 1) ?? ""))
    }
    guard let first = found.first else {
      throw HistoryError(
        reference == "last"
          ? "\(database.file): there is no run in this history yet"
          : "\(database.file): no run is called '\(reference)': 'seedbed runs' lists them")
    }
    guard found.count == 1 || first.name == reference || String(first.run) == reference else {
      let shown = found.prefix(Self.mostNamed).map(\.name).joined(separator: ", ")
      let rest = found.count - Self.mostNamed
      throw HistoryError(
        "\(found.count) runs begin with '\(reference)': \(shown)"
          + (rest > 0 ? " and \(rest) more" : ""))
    }
    return first.run
  }
}
