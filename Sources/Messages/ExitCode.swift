/// What the project's executables end with.
package enum ExitCode: Int32, Sendable {
  /// All went well: every check passed.
  case success = 0
  /// A check failed, or the run did.
  case failed = 1
  /// Too little was seen, or the host was too busy, to judge.
  case inconclusive = 2
  /// Something else went wrong.
  case error = 3
  /// Wrong usage or bad input (`EX_USAGE` of sysexits.h).
  case usage = 64
}

/// An error made for a person to read: its description says what was found and what to do. An
/// executable prints it and ends with its code.
package protocol ReportedError: Error, CustomStringConvertible {
  var exitCode: ExitCode { get }
  /// One for each thing that is wrong.
  var messages: [String] { get }
  /// What the last message ends with asking the person to choose, where it does.
  var choice: Choice? { get }
}

extension ReportedError {
  package var messages: [String] { [description] }
  package var choice: Choice? { nil }
}

/// What a person can choose. How, only an executable knows: it completes the message.
package enum Choice: Equatable, Sendable {
  /// Another file for the history.
  case history
  /// Another folder for the runs.
  case logs
  /// Where the runs are that are asked about.
  case places
  /// The folder of the checks.
  case checks
}

/// A command line, or a value on it, that cannot be used.
package struct UsageError: ReportedError, Equatable {
  package var message: String
  /// The command and subcommands in question, e.g. `seedbed run`; `nil` where its help has nothing
  /// to add.
  package var command: String?

  package init(_ message: String, command: String? = nil) {
    self.message = message
    self.command = command
  }

  package var exitCode: ExitCode { .usage }

  package var description: String {
    command.map { "\(message)\nSee '\($0) --help'." } ?? message
  }
}
