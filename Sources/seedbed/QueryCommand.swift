import Arguments
import Glibc
import History
import Messages
import Session

/// `seedbed query`: SQL on the history, for reading only.
enum QueryCommand: SeedbedCommand {
  static let command = Command(
    "query", "Ask the history a question in SQL.",
    discussion: """
      Every table and view holds one run's rows only, the last run's unless --run says otherwise, so \
      the SQL needs no filter; '--run all' lifts that. The tables and views are described in \
      docs/SCHEMA.md. Times that end in _t are microseconds since the epoch, columns that \
      end in _s are seconds since the run began. There are the aggregates percentile(x, p), with p from \
      0 to 100, and median(x).

      The history is open for reading only: a statement that would write is refused.
      """,
    examples: [
      Example(
        "seedbed query \"SELECT kind, count(*) FROM events GROUP BY kind\"", "What happened."),
      Example("seedbed query --run all \"SELECT * FROM runs\" --format json", "Every run."),
      Example(
        "seedbed query --file slow.sql --format csv --no-header", "A longer one, for a shell."),
    ],
    positionals: [
      Positional("SQL", "One statement, or '-' for one on standard input.", .optional)
    ],
    options: [
      Option("file", .text("FILE"), "A file with the statement."),
      .flag("no-header", "Leave out the names of a table's or a CSV's columns."),
      Option(
        "run", .text("RUN"), "A run: 'last', its number, the beginning of its name, or 'all'.",
        .defaulted("last")), .format, .logs, .history,
    ])

  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let sql = try sql(arguments)
    let format = arguments.format
    var look = ResultLook.output
    look.hasHeader = !arguments.has("no-header")
    guard look.hasHeader || [.table, .csv, .csvCRLF].contains(format) else {
      throw UsageError(
        "--no-header is for the formats table, csv and csv-crlf, not \(format.rawValue)",
        command: arguments.path)
    }
    let run = arguments["run"] ?? "last"
    let history =
      run == "all"
      ? try ReadOnlyHistory(arguments.history)
      : try ReadOnlyHistory(arguments.history, runNamed: run)
    let statement = try history.database.prepare(sql)
    try ResultWriter.print(statement, as: format, look: look)
    return .success
  }

  /// The statement, from wherever it is.
  private static func sql(_ arguments: ParsedArguments) throws -> String {
    switch (arguments["SQL"], arguments["file"]) {
    case ("-"?, nil): return try text(of: STDIN_FILENO, named: "standard input")
    case (let sql?, nil): return sql
    case (nil, let file?):
      let descriptor = unsafe open(file, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw unreadable(file) }
      defer { close(descriptor) }
      return try text(of: descriptor, named: file)
    case (nil, nil):
      throw UsageError("missing SQL: one statement, '-' or --file", command: arguments.path)
    case (_?, _?):
      throw UsageError("SQL and --file: give one of them", command: arguments.path)
    }
  }

  /// Reads to the end.
  private static func text(of descriptor: CInt, named name: String) throws -> String {
    var text: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 * 1_024)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { buffer in
        unsafe read(descriptor, buffer.baseAddress, buffer.count)
      }
      if count == 0 { break }
      guard count > 0 else { throw unreadable(name) }
      text += chunk[..<count]
    }
    guard let text = String(validating: text, as: UTF8.self) else {
      throw UsageError("\(name): the statement is not UTF-8")
    }
    return text
  }

  /// What the last call of the system said.
  private static func unreadable(_ name: String) -> UsageError {
    UsageError("\(name): cannot be read: \(systemMessage(errno))")
  }
}
