package import History

extension ResultWriter<StandardOutput> {
  /// Prints the rows of a statement.
  ///
  /// - Throws: `DatabaseError` from the statement, ``OutputError`` from the output.
  package static func print(
    _ statement: borrowing Statement, as format: ResultFormat, look: ResultLook = .output
  ) throws {
    try write(statement, as: format, to: StandardOutput(), look: look).finish()
  }
}

extension ResultLook {
  /// On a terminal, which a table has to fit, and in a pipe.
  package static var output: ResultLook {
    let terminal = Terminal.output
    return ResultLook(width: terminal.isTerminal ? terminal.width : nil) {
      terminal.styled($0, .bold)
    }
  }
}
