import Arguments
import Messages
import Session
import Synchronization
import Topology

/// Completes the commands that messages advise (`'seedbed check 2'`) by where this command was told to
/// look, so that they can be copied.
enum Advice {
  /// The options that say where.
  private static let names = ["logs", "history"]

  /// From here on messages are completed.
  ///
  /// - Parameter commands: all that there are.
  static func remember(_ arguments: ParsedArguments, among commands: [Command]) {
    let given = names.filter { arguments.has($0) }
    let all = commands.map { command in
      let taken = given.filter { name in command.options.contains { $0.name == name } }
      let words = taken.flatMap { ["--\($0)", arguments[$0] ?? ""] }
      return (command.name, words.isEmpty ? "" : " \(shellLine(words))")
    }
    let words = Dictionary(all) { first, _ in first }
    Terminal.completion.withLock { $0 = { complete($0, with: words) } }
  }

  /// What a person reads of an error, with the options that it is about.
  static func messages(of error: any ReportedError) -> [String] {
    let changes = (error as? TopologyError)?.messages(namingChanges: "--set ")
    var messages = changes ?? error.messages
    if let last = messages.popLast() { messages.append(last + options(of: error.choice)) }
    return messages
  }

  private static func options(of choice: Choice?) -> String {
    switch choice {
    case .history: " with --history"
    case .logs: " with --logs DIR"
    case .places: ", and --logs and --history say where it is"
    case .checks: " with --checks DIR"
    case nil: ""
    }
  }

  /// - Parameter words: by command, what it is to be told.
  private static func complete(_ message: String, with words: [String: String]) -> String {
    message.replacing(/'seedbed ([a-z]+)[^'\n]*'/) { match in
      let isWhole = ["--help", "--logs", "--history"].contains { match.output.0.contains($0) }
      let more = isWhole ? "" : words[String(match.output.1)] ?? ""
      return "\(match.output.0.dropLast())\(more)'"
    }
  }
}
