import Arguments
import History
import Messages
import Session

extension CompareCommand {
  /// How many events before the first difference are shown.
  private static let shownBefore = 5

  /// Events have no order across nodes but that of their times; equal times go by name and place.
  private static let inOrder = """
    SELECT t, node, n, kind, peer, data FROM events ORDER BY t, node, n
    """

  /// Shows where two simulations part.
  static func compareEvents(
    _ one: borrowing ReadOnlyHistory, _ other: borrowing ReadOnlyHistory,
    _ arguments: ParsedArguments
  ) throws -> ExitCode {
    for (name, driver) in [("RUN", try driver(of: one)), ("OTHER", try driver(of: other))]
    where driver != "simulated" {
      throw UsageError(
        "--events compares simulations, and run '\(arguments[name] ?? "")' is \(driver): its times "
          + "never come again", command: arguments.path)
    }
    let left = try one.database.prepare(inOrder)
    let right = try other.database.prepare(inOrder)
    var before: [[SQLValue]] = []
    var same = 0
    var output = StandardOutput()
    while true {
      let (a, b) = (try next(left), try next(right))
      if a == b {
        guard let a else { break }
        same += 1
        before.append(a)
        if before.count > shownBefore { before.removeFirst() }
        continue
      }
      let rows =
        before.map { [.text("both")] + $0 } + [side("one", a), side("other", b)]
      if arguments["format"] != "json" {
        output.write(
          "the first \(counted(same, "event")) \(same == 1 ? "is" : "are") the same; then:\n")
      }
      output = write(rows, arguments, to: output)
      try output.finish()
      return .failed
    }
    output.write(
      arguments["format"] == "json" ? "[]\n" : "the same \(counted(same, "event")) in both runs\n")
    try output.finish()
    return .success
  }

  private static func driver(of history: borrowing ReadOnlyHistory) throws -> String {
    try history.database.text("SELECT driver FROM runs") ?? ""
  }

  private static func next(_ statement: borrowing Statement) throws -> [SQLValue]? {
    guard try statement.step() else { return nil }
    return (0..<statement.columnCount).map { statement.value(at: $0) }
  }

  private static func side(_ name: String, _ row: [SQLValue]?) -> [SQLValue] {
    [.text(name)] + (row ?? [.null, .null, .null, .text("no more events"), .null, .null])
  }

  private static func write(
    _ rows: [[SQLValue]], _ arguments: ParsedArguments, to output: StandardOutput
  ) -> StandardOutput {
    let format: ResultFormat = arguments["format"] == "json" ? .json : .table
    var writer = ResultWriter(
      format, columns: ["run", "t", "node", "n", "kind", "peer", "data"], to: output,
      look: .output)
    for row in rows { writer.add(row) }
    return writer.finish()
  }
}
