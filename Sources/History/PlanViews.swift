/// What is known of a run before anything happens: what checks decide by whether they are asked.
extension View {
  static let plannedNodes = View(
    name: "planned_nodes",
    summary: "A node as the plan has it, whatever became of it.",
    columns: [
      ("run", "the run"),
      ("node", "its name"),
      ("node_group", "the group of the topology it belongs to"),
      ("role", "its role's full name; `external` for a program that plays none"),
      (
        "options",
        "its options, defaults included, as JSON; durations in microseconds. NULL: the plan does not "
          + "say what it does, of a program, and in runs of older versions"
      ),
      ("joins", "when it starts, in microseconds after the run began; 0 for those of the launch"),
      ("stays", "from then to the planned stop, in microseconds"),
    ],
    body: """
      WITH
      facts AS MATERIALIZED (SELECT run, plan ->> '$.stopAt' AS stop_at FROM runs),
      settings AS MATERIALIZED (
        SELECT r.run, s.key AS place, s.value AS options
        FROM runs r JOIN json_each(r.plan, '$.settings') s
      ),
      planned AS MATERIALIZED (
        SELECT r.run, n.value ->> 'name' AS node, n.value ->> 'group' AS node_group,
          n.value ->> 'role' AS role, coalesce(n.value ->> 'joins', 0) AS joins,
          n.value ->> 'settings' AS place
        FROM runs r JOIN json_each(r.plan, '$.nodes') n
      )
      SELECT n.run, n.node, n.node_group, n.role, s.options, n.joins, f.stop_at - n.joins AS stays
      FROM planned n JOIN facts f ON f.run = n.run
        LEFT JOIN settings s ON s.run = n.run AND s.place = n.place
      """)

  static let plannedDeaths = View(
    name: "planned_deaths",
    summary: """
      A node that is to end or to freeze by a fault, planned or asked for; and every node where the \
      topology allows that nodes end by themselves. Whether it came to that is in `deaths`.
      """,
    columns: [
      ("run", "the run"),
      ("node", "its name"),
      ("role", "of `planned_nodes`"),
      ("options", "of `planned_nodes`"),
      ("action", "`kill`, `stop`, `restart` or `pause`; `exit`: by itself"),
    ],
    body: """
      WITH
      ends AS (
        SELECT run, node, action FROM faults
        WHERE action IN ('kill', 'stop', 'restart', 'pause')
        UNION
        SELECT p.run, p.node, 'exit' FROM planned_nodes p
          JOIN (SELECT run, plan ->> '$.allowsUnexpectedExits' AS allowed FROM runs) r ON r.run = p.run
        WHERE r.allowed
      )
      SELECT p.run, p.node, p.role, p.options, e.action
      FROM planned_nodes p JOIN ends e ON e.run = p.run AND e.node = p.node
      """)
}
