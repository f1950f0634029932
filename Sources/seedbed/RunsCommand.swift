import Arguments
import History
import Messages
import Participants
import Session

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
    options: [
      .format,
      .flag("prune", "Show which runs would be removed, by --keep or --older-than; see --apply."),
      Option("keep", .integer("N", 0...1_000_000), "With --prune: all but the last N runs go.")
        .with("prune"),
      Option(
        "older-than", .duration(Microseconds.seconds(0)...Microseconds.seconds(10 * 365 * 86_400)),
        "With --prune: only runs launched so long ago go, e.g. 168h."
      ).with("prune"),
      .flag("apply", "With --prune: remove them, logs and rows, for good.").with("prune"),
      .logs, .history,
    ])

  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    if arguments.has("prune") { return try prune(arguments) }
    AbandonedRun.settleAll(in: arguments.places)
    let history = try ReadOnlyHistory(arguments.history)
    let format = arguments.format
    let columns = format == .table ? Self.columns : "*"
    try ResultWriter.print(
      history.database.prepare(
        "\(runs) SELECT \(columns) FROM listed ORDER BY substr(name, 1, 15), run"), as: format)
    return .success
  }

  /// Shows what goes, and removes it if told so.
  private static func prune(_ arguments: ParsedArguments) throws -> ExitCode {
    guard arguments.has("keep") || arguments.has("older-than") else {
      throw UsageError(
        "--prune needs a rule: --keep N, --older-than DURATION or both", command: arguments.path)
    }
    let pruning = try Pruning(
      in: arguments.places, keeping: Int(arguments.integer("keep") ?? 0),
      olderThan: arguments.duration("older-than") ?? .zero)
    let (lines, sum) = pruning.words()
    var output = StandardOutput()
    for line in lines { output.write("\(line)\n") }
    if arguments.has("apply") {
      try pruning.apply()
      output.write("removed \(sum)\n")
    } else {
      output.write("would remove \(sum): add --apply\n")
    }
    try output.finish()
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
