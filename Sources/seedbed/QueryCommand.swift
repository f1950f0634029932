import Arguments
import History

/// `seedbed query`: SQL on the history, for reading only.
enum QueryCommand: SeedbedCommand {
  static let command = Command(
    "query", "Ask the history a question in SQL.",
    discussion: """
      Every table and view holds one run's rows only, the last run's unless --run says otherwise, so \
      the SQL needs no filter; '--run all' lifts that. The tables and views are described in \
      docs/SCHEMA.md. Times that end in _t are microseconds since the epoch; in views, columns that \
      end in _s are seconds since the run began.

      The history is open for reading only: a statement that would write is refused.
      """,
    examples: [
      Example(
        "seedbed query \"SELECT kind, count(*) FROM events GROUP BY kind\"", "What happened."),
      Example("seedbed query --run all \"SELECT * FROM runs\" --format json", "Every run."),
    ],
    positionals: [Positional("SQL", "One statement.")],
    options: [
      Option(
        "run", .text("RUN"), "A run: 'last', its number, the beginning of its name, or 'all'.",
        .defaulted("last")), .format, .logs, .history,
    ])

  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let sql = try arguments.require("SQL")
    let run = arguments["run"] ?? "last"
    let history =
      run == "all"
      ? try ReadOnlyHistory(arguments.history)
      : try ReadOnlyHistory(arguments.history, runNamed: run)
    let statement = try history.database.prepare(sql)
    try ResultWriter.print(statement, as: arguments.format)
    return .success
  }
}
