import Arguments
import Glibc
import History
import Messages
import Participants
import Session
import Supervisor
import Topology

/// `seedbed wait`: until something has happened in a run.
enum WaitCommand: SeedbedCommand {
  static let command = Command(
    "wait", "Wait until something has happened in a run.",
    discussion: """
      EVENT is the kind of an event (docs/EVENTS.md), which may have happened already; SQL is a \
      query, as for 'query', which is true as soon as its first value is neither NULL nor 0. With \
      several, all must have come. The first row of each is printed.

      Exit codes: 0 it has come; 1 it has not come in time; 2 the run has ended without it.
      """,
    examples: [
      Example("seedbed wait last run.began", "Every node is ready."),
      Example("seedbed wait last link.opened --node peer-3", "In one node's log."),
      Example(
        "seedbed wait last \"SELECT count(*) FROM dead_node_reports WHERE dead = 'peer-3'\"",
        "A state, by SQL."),
    ],
    positionals: [
      Positional("RUN", "'last', its number, the beginning of its name, or its folder."),
      Positional("EVENT|SQL", "What to wait for.", .repeated),
    ],
    options: [
      Option("node", .text("NODE"), "Only events of this node."),
      .timeout("2m"), .logs, .history, .format,
    ])

  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let awaited = arguments.all("EVENT|SQL").map { Awaited($0, node: arguments["node"]) }
    guard !awaited.isEmpty else {
      throw UsageError("missing EVENT|SQL: what to wait for", command: "seedbed wait")
    }
    let reference = try arguments.require("RUN")
    let folder =
      try (try? LiveRun.named(reference, in: arguments.places))?.folder.path
      ?? ReadOnlyHistory(arguments.history, runNamed: reference).folder()
    try Awaited.check(awaited, plan: RunFolder(folder).manifest.plan)
    let rows = try Waiting(
      for: folder, in: arguments.history, within: arguments.timeout
    ).wait(for: awaited)
    var output = StandardOutput()
    for row in rows {
      var writer = ResultWriter(
        arguments.format, columns: row.columns, to: output, look: .output)
      writer.add(row.values)
      output = writer.finish()
    }
    try output.finish()
    return .success
  }
}
