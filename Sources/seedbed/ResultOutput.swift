import Arguments
import History

/// How the commands that read the history print rows.
extension Option {
  static let format = Option(
    "format", .choice("FORMAT", ResultFormat.allCases.map(\.rawValue)),
    "How rows are printed, on a terminal and in a pipe alike.", .defaulted("table"))
}

extension ParsedArguments {
  /// The format that was asked for.
  var format: ResultFormat { self["format"].flatMap { ResultFormat(rawValue: $0) } ?? .table }
}

extension ResultWriter<StandardOutput> {
  /// Prints the rows of a statement.
  static func print(_ statement: borrowing Statement, as format: ResultFormat) throws {
    try print(statement, as: format, to: StandardOutput()).finish()
  }

  /// The same behind what an output has already.
  static func print(
    _ statement: borrowing Statement, as format: ResultFormat, to output: StandardOutput
  ) throws -> StandardOutput {
    try write(statement, as: format, to: output, style: looks)
  }

  /// The looks of a table's header and of NULL on this terminal.
  static func looks(_ text: String, _ part: ResultStyle) -> String {
    switch part {
    case .header: Terminal.output.styled(text, .bold)
    case .null: Terminal.output.styled(text, .dim)
    }
  }
}
