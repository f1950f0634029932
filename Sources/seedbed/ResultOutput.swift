import Arguments
import History

/// How the commands that read the history print rows.
extension Option {
  static let format = Option(
    "format", .choice("FORMAT", ResultFormat.allCases.map(\.rawValue)),
    "How rows are printed. So that a table fits a terminal, long texts are cut there (…), and one of "
      + "too many columns is a list.", .defaulted("table"))
}

extension ParsedArguments {
  /// The format that was asked for.
  var format: ResultFormat { self["format"].flatMap { ResultFormat(rawValue: $0) } ?? .table }
}

extension ResultWriter<StandardOutput> {
  /// Prints the rows of a statement.
  static func print(
    _ statement: borrowing Statement, as format: ResultFormat, look: ResultLook = .output
  ) throws {
    try write(statement, as: format, to: StandardOutput(), look: look).finish()
  }
}

extension ResultLook {
  /// On a terminal, which a table has to fit, and in a pipe.
  static var output: ResultLook {
    let terminal = Terminal.output
    return ResultLook(width: terminal.isTerminal ? terminal.width : nil) {
      terminal.styled($0, .bold)
    }
  }
}
