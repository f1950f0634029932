import Arguments
import History

/// `seedbed runs`: what the history has.
enum RunsCommand: SeedbedCommand {
  static let command = Command(
    "runs", "List the runs of the history, or remove old ones.",
    discussion: """
      A table has of each run what tells it from others and how many of its checks passed (✓), failed \
      (✗), were inconclusive (?) or did not work (!); other formats have more. Dates are in UTC.

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
    let format = arguments.format
    let columns = format == .table ? Self.columns : "*"
    try ResultWriter.print(
      history.database.prepare(
        "\(runs) SELECT \(columns) FROM listed ORDER BY substr(name, 1, 15), run"), as: format)
    return .success
  }

  /// What a table shows: it has to fit a terminal.
  private static let columns = """
    run, date, replace(topology, rtrim(topology, replace(topology, '/', '')), '') AS topology,
      driver, seed, nodes, CASE WHEN outcome <> 'completed' OR checks = 'none' THEN outcome
        ELSE replace(replace(replace(replace(checks, 'pass', '✓'), 'fail', '✗'), 'inconclusive', '?'),
          'error', '!') END AS result
    """

  /// Simulations go by virtual time, so the date is in the name alone.
  private static let runs = """
    WITH listed AS (
      SELECT run, name, network, driver,
        (SELECT count(*) FROM nodes WHERE nodes.run = runs.run) AS nodes,
        (SELECT count(*) FROM faults WHERE faults.run = runs.run) AS faults,
        round((ended_t - launched_t) / 1e6, 1) AS seconds,
        coalesce(outcome, 'unfinished') AS outcome,
        coalesce((SELECT group_concat(number || ' ' || verdict, ', ')
          FROM (SELECT verdict, count(*) AS number FROM checks WHERE checks.run = runs.run
            GROUP BY verdict ORDER BY verdict)), 'none') AS checks,
        printf('%s-%s-%s %s:%s', substr(name, 1, 4), substr(name, 5, 2), substr(name, 7, 2),
          substr(name, 10, 2), substr(name, 12, 2)) AS date,
        topology, seed
      FROM runs)
    """
}
