package import Messages

/// A topology that cannot be run: everything that was found wrong with it, in the file's order.
package struct TopologyError: ReportedError, Equatable {
  package struct Problem: Equatable, Sendable {
    package var place: Place
    package var message: String
  }

  /// The file's path as it was given.
  package var file: String
  /// At least one.
  package var problems: [Problem]

  init(_ file: String, _ place: Place, _ message: String) {
    self.init(file: file, problems: [Problem(place: place, message: message)])
  }

  init(file: String, problems: [Problem]) {
    self.file = file
    self.problems = problems
  }

  /// The most problems that are printed; one mistake can have many consequences.
  private static let mostPrinted = 20

  package var exitCode: ExitCode { .usage }

  /// `FILE:LINE:COLUMN: MESSAGE`, or `KEY=VALUE: MESSAGE` of a change, for each problem.
  package var messages: [String] { messages(namingChanges: "") }

  /// - Parameter prefix: what stands before a change, as the person wrote it.
  package func messages(namingChanges prefix: String) -> [String] {
    let shown = problems.prefix(Self.mostPrinted).map { problem in
      switch problem.place {
      case .file: "\(file): \(problem.message)"
      case .line(let line, let column): "\(file):\(line):\(column): \(problem.message)"
      case .override(let text): "\(prefix)\(text): \(problem.message)"
      }
    }
    let rest = problems.count - shown.count
    return rest == 0 ? shown : shown + ["\(file): \(counted(rest, "more problem"))"]
  }

  /// The same about a text that nobody has seen.
  package var withoutLines: TopologyError {
    let places = problems.map { problem in
      if case .line = problem.place {
        Problem(place: .file, message: problem.message)
      } else {
        problem
      }
    }
    return TopologyError(file: file, problems: places)
  }

  package var description: String { messages.joined(separator: "\n") }
}

/// Where in a topology something stands.
package enum Place: Hashable, Sendable {
  case file
  /// Both from 1; the column in characters.
  case line(Int, column: Int)
  /// In a change, given here as it was.
  case override(String)

  /// For the middle of a sentence.
  var described: String {
    switch self {
    case .file: "in the file"
    case .line(let line, _): "in line \(line)"
    case .override(let text): "in \(text)"
    }
  }
}
