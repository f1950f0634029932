import Arguments
import History
import Messages
import Session

/// `seedbed show`: one run at a glance.
enum ShowCommand: SeedbedCommand {
  static let command = Command(
    "show", "Show one run: its facts, nodes, faults and verdicts.",
    positionals: [
      Positional(
        "RUN", "'last' (the default), its number, or the beginning of its name.", .optional)
    ],
    options: [.logs, .history])

  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let history = try ReadOnlyHistory(arguments.history, runNamed: arguments["RUN"] ?? "last")
    var output = StandardOutput()
    for section in sections {
      let count = "SELECT count(*) FROM (\(section.sql))"
      guard try history.database.integer(count) != 0 else { continue }
      var look = ResultLook.output
      if let title = section.title {
        output.write("\n\(Terminal.output.styled(title, .bold))\n")
      } else {
        // Each fact has its name beside it, and is whole.
        look.hasHeader = false
        look.width = nil
      }
      output = try ResultWriter.write(
        history.database.prepare(section.sql), as: .table, to: output, look: look)
    }
    try output.finish()
    return .success
  }

  /// A part of the page is a query; one without rows is left out.
  private static let sections: [(title: String?, sql: String)] = [
    (
      nil,
      """
      WITH facts (place, fact, value) AS (
        SELECT 1, 'run', run || ' (' || name || ')' FROM runs
        UNION ALL SELECT 2, 'network', network || ', ' || driver FROM runs
        UNION ALL SELECT 3, 'topology', topology FROM runs
        UNION ALL SELECT 4, 'seed', seed FROM runs
        UNION ALL SELECT 5, 'version', version FROM runs
        UNION ALL SELECT 6, 'folder', folder FROM runs
        UNION ALL SELECT 7, 'launched', datetime(launched_t / 1000000, 'unixepoch') || ' UTC' FROM runs
        UNION ALL SELECT 8, 'ready after',
          iif(began_t IS NULL, 'never', printf('%.3f s', (began_t - launched_t) / 1e6)) FROM runs
        UNION ALL SELECT 9, 'lasted',
          iif(ended_t IS NULL, 'unknown: it has no end',
            printf('%.1f s', (ended_t - launched_t) / 1e6)) FROM runs
        UNION ALL SELECT 10, 'outcome',
          coalesce(outcome, 'unfinished') || coalesce(': ' || nullif(reason, ''), '') FROM runs
        UNION ALL SELECT 11, 'events', count(*) FROM events
        UNION ALL SELECT 12, 'digest', digest FROM runs WHERE digest IS NOT NULL
      )
      SELECT fact, value FROM facts ORDER BY place
      """
    ),
    (
      "Nodes",
      """
      SELECT node_group AS "group", role, count(*) AS nodes, count(ready_t) AS ready,
        count(ended_t) AS ended, sum(coalesce(unexpected, 0)) AS unexpected_ends
      FROM nodes GROUP BY node_group, role ORDER BY min(spawned_t), node_group
      """
    ),
    (
      "Faults (seconds after the run began)",
      """
      SELECT fault, action,
        coalesce(node, (
          SELECT sum(side = 'from') || ' and ' || sum(side = 'to') || ' nodes'
          FROM fault_sides s WHERE s.fault = faults.fault)) AS node,
        at / 1e6 AS planned, lasting / 1e6 AS lasting,
        round(applied_s, 3) AS applied, round(confirmed_s, 3) AS confirmed,
        round(healed_s, 3) AS healed, skipped
      FROM faults ORDER BY fault
      """
    ),
    (
      "Checks",
      """
      SELECT verdict, name, reason FROM checks ORDER BY name
      """
    ),
    (
      "Rejected lines",
      """
      SELECT node, count(*) AS lines, min(reason) AS reason
      FROM rejected_lines GROUP BY node ORDER BY lines DESC, node LIMIT 10
      """
    ),
  ]
}
