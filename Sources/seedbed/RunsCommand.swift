import Arguments
import History

/// `seedbed runs`: what the history has.
enum RunsCommand: SeedbedCommand {
  static let command = Command(
    "runs", "List the runs of the history, or remove old ones.",
    discussion: """
      With --prune, shows which runs --keep and --older-than would remove (with both, those that \
      both name); --apply removes their folders and their rows. A run under way always stays. What \
      commands that were killed have left in the folder, and is no run, goes as well.
      """,
    examples: [
      Example("seedbed runs", "All of them."),
      Example("seedbed runs --prune --keep 20", "What would go, if the last 20 were kept."),
      Example(
        "seedbed runs --prune --older-than 168h --apply", "Remove what is older than a week."),
    ],
    options: [.format] + Pruning.options + [.logs, .history])

  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    if arguments.has("prune") { return try Pruning(arguments).run() }
    AbandonedRun.settleAll(in: arguments.logs, history: arguments.history)
    let history = try ReadOnlyHistory(arguments.history)
    try ResultWriter.print(history.database.prepare(sql), as: arguments.format)
    return .success
  }

  private static let sql = """
    SELECT run, name, network, driver,
      (SELECT count(*) FROM nodes WHERE nodes.run = runs.run) AS nodes,
      (SELECT count(*) FROM faults WHERE faults.run = runs.run) AS faults,
      round((ended_t - launched_t) / 1e6, 1) AS seconds,
      coalesce(outcome, 'unfinished') AS outcome,
      coalesce((SELECT group_concat(number || ' ' || verdict, ', ')
        FROM (SELECT verdict, count(*) AS number FROM checks WHERE checks.run = runs.run
          GROUP BY verdict ORDER BY verdict)), 'none') AS checks
    FROM runs ORDER BY substr(name, 1, 15), run
    """
}
