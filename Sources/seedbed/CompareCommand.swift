import Arguments
import History
import Messages
import Session

/// `seedbed compare`: two runs side by side.
enum CompareCommand: SeedbedCommand {
  static let command = Command(
    "compare", "Put two runs side by side: verdicts, events and how long things took.",
    discussion: """
      Any two runs of one history: real and simulated, or of two builds. A distribution has the \
      number of values, the percentiles p50 (the median), p95 and p99, and the most, in seconds.

      With --events, two simulated runs are compared event by event; the exit code is 0 when they are \
      the same and 1 when they differ.
      """,
    examples: [
      Example("seedbed compare 1 last", "The first run of the history and the last."),
      Example("seedbed compare 3 4 --events", "Where two simulations part."),
    ],
    positionals: [
      Positional("RUN", "A run: 'last', its number, or the beginning of its name."),
      Positional("OTHER", "The other run, named in the same way."),
    ],
    options: [
      .flag("events", "Show the first event that differs, with those before it."),
      .logs, .history,
      Option(
        "format", .choice("FORMAT", ["table", "json"]), "How the comparison is printed.",
        .defaulted("table")),
    ])

  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let one = try ReadOnlyHistory(
      arguments.history, runNamed: arguments.require("RUN"))
    let other = try ReadOnlyHistory(
      arguments.history, runNamed: arguments.require("OTHER"))
    if arguments.has("events") { return try compareEvents(one, other, arguments) }
    let sections = [
      try facts(one, other), try verdicts(one, other), try distributions(one, other),
      try events(one, other),
    ]
    var output = StandardOutput()
    if arguments["format"] == "json" {
      output.write("{\n")
      for (index, section) in sections.enumerated() {
        output.write("\"\(section.name)\": ")
        output = write(section, as: .json, to: output)
        // The rows end in a line break, so the comma begins the next line.
        if index < sections.count - 1 { output.write(",\n") }
      }
      output.write("}\n")
    } else {
      for (index, section) in sections.enumerated() where !section.rows.isEmpty {
        if index > 0 { output.write("\n\(Terminal.output.styled(section.title, .bold))\n") }
        output = write(section, as: .table, to: output)
      }
    }
    try output.finish()
    return .success
  }

  // MARK: - Sections

  /// A table with a key and a value of each run.
  private struct Section {
    var name: String
    var title: String
    var columns: [String]
    var rows: [[SQLValue]]
  }

  private static func write(
    _ section: Section, as format: ResultFormat, to output: StandardOutput
  ) -> StandardOutput {
    var writer = ResultWriter(
      format, columns: section.columns, to: output, look: .output)
    for row in section.rows { writer.add(row) }
    return writer.finish()
  }

  private static func facts(
    _ one: borrowing ReadOnlyHistory, _ other: borrowing ReadOnlyHistory
  ) throws -> Section {
    let names = [
      "run", "name", "driver", "topology", "seed", "version", "nodes", "faults", "outcome",
      "seconds", "events", "digest",
    ]
    let sql = """
      SELECT run, name, driver, topology, seed, version,
        (SELECT count(*) FROM nodes), (SELECT count(*) FROM faults),
        coalesce(outcome, 'unfinished'), round((ended_t - launched_t) / 1e6, 2),
        (SELECT count(*) FROM events), digest
      FROM runs
      """
    let sides = (try rows(sql, one), try rows(sql, other))
    guard let left = sides.0.first, let right = sides.1.first else {
      preconditionFailure("a run that was found has a row")
    }
    return Section(
      name: "runs", title: "Runs", columns: ["fact", "one", "other"],
      rows: zip(names, zip(left, right)).map { [.text($0), $1.0, $1.1] })
  }

  private static func verdicts(
    _ one: borrowing ReadOnlyHistory, _ other: borrowing ReadOnlyHistory
  ) throws -> Section {
    try beside(
      "verdicts", "Verdicts", key: "check", values: ["verdict", "violations", "witnesses"],
      "SELECT name, verdict, violations, witnesses FROM checks ORDER BY name", one, other)
  }

  private static func events(
    _ one: borrowing ReadOnlyHistory, _ other: borrowing ReadOnlyHistory
  ) throws -> Section {
    try beside(
      "events", "Events", key: "kind", values: ["count"],
      "SELECT kind, count(*) FROM events GROUP BY kind ORDER BY kind", one, other)
  }

  /// What one network's views measure is not measured for another.
  private static func distributions(
    _ one: borrowing ReadOnlyHistory, _ other: borrowing ReadOnlyHistory
  ) throws -> Section {
    let sql = "SELECT network FROM runs"
    let networks = [try one.database.text(sql), try other.database.text(sql)]
    let measures = Measure.all.filter { $0.network == nil || networks == [$0.network, $0.network] }
    return Section(
      name: "distributions", title: "Distributions (seconds)",
      columns: ["measure"] + doubled(["count", "p50", "p95", "p99", "max"]),
      rows: try measures.map { measure in
        let sides = (try one.distribution(of: measure), try other.distribution(of: measure))
        return [.text(measure.name)] + interleaved(values(of: sides.0), values(of: sides.1))
      })
  }

  private static func values(of distribution: Distribution) -> [SQLValue] {
    [.integer(Int64(distribution.count))]
      + [distribution.p50, distribution.p95, distribution.p99, distribution.max].map { value in
        // To the microsecond, which is what is logged.
        value.map { .real(($0 * 1e6).rounded() / 1e6) } ?? .null
      }
  }

  // MARK: - Two by two

  /// Rows of both runs with the same first column beside each other.
  private static func beside(
    _ name: String, _ title: String, key: String, values: [String], _ sql: String,
    _ one: borrowing ReadOnlyHistory, _ other: borrowing ReadOnlyHistory
  ) throws -> Section {
    let sides = (try rowsByKey(sql, one), try rowsByKey(sql, other))
    let none = values.map { _ in SQLValue.null }
    let keys = Set(sides.0.keys).union(sides.1.keys).sorted()
    return Section(
      name: name, title: title, columns: [key] + doubled(values),
      rows: keys.map {
        [.text($0)] + interleaved(sides.0[$0] ?? none, sides.1[$0] ?? none)
      })
  }

  private static func doubled(_ names: [String]) -> [String] {
    names.flatMap { ["\($0)", "other \($0)"] }
  }

  private static func interleaved(_ one: [SQLValue], _ other: [SQLValue]) -> [SQLValue] {
    zip(one, other).flatMap { [$0, $1] }
  }

  private static func rowsByKey(
    _ sql: String, _ history: borrowing ReadOnlyHistory
  ) throws -> [String: [SQLValue]] {
    var byKey: [String: [SQLValue]] = [:]
    for row in try rows(sql, history) {
      if case .text(let key)? = row.first { byKey[key] = Array(row.dropFirst()) }
    }
    return byKey
  }

  private static func rows(
    _ sql: String, _ history: borrowing ReadOnlyHistory
  ) throws -> [[SQLValue]] {
    let statement = try history.database.prepare(sql)
    var rows: [[SQLValue]] = []
    while try statement.step() {
      rows.append((0..<statement.columnCount).map { statement.value(at: $0) })
    }
    return rows
  }
}
