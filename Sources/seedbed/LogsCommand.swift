import Arguments
import History
import Messages
import Session

/// `seedbed logs`: one node's events as it wrote them.
enum LogsCommand: SeedbedCommand {
  static let command = Command(
    "logs", "Print the log of one node.",
    discussion: """
      The log is printed from the run's folder, line by line as the node wrote it. When the folder \
      is gone, the lines are made from the history.
      """,
    examples: [
      Example("seedbed logs last peer-7 --kind link", "What became of its links."),
      Example("seedbed logs last supervisor", "What was done to the network."),
    ],
    positionals: [
      Positional("RUN", "'last', its number, or the beginning of its name."),
      Positional("NODE", "The node's name, or 'supervisor'."),
    ],
    options: [
      Option(
        "kind", .text("KIND"), "Only events of this kind (link.opened) or area (link).", .repeated),
      .logs, .history,
    ])

  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let history = try ReadOnlyHistory(
      arguments.history, runNamed: try arguments.require("RUN"))
    let kinds = arguments.all("kind")
    for kind in kinds where !KnownKinds.names.union(KnownKinds.areas).contains(kind) {
      // Programs log what they like.
      guard try history.hasEvents(of: kind) else {
        throw KnownKinds.refusal(of: kind, areas: KnownKinds.areas)
      }
    }
    let node = try arguments.require("NODE")
    var output = StandardOutput()
    var isEmpty = true
    try history.forEachLogLine(of: node, kinds: kinds) {
      isEmpty = false
      output.write(contentsOf: $0)
    }
    try output.finish()
    if isEmpty, !kinds.isEmpty {
      Terminal.complain("\(node) has logged no event of \(kinds.joined(separator: ", "))")
    }
    return .success
  }
}
