extension View {
  /// What any network's runs have.
  static let generic = [
    deaths, overloads, separations, nodeAddresses, clockSkews, plannedNodes, plannedDeaths,
  ]

  static let nodeAddresses = View(
    name: "node_addresses",
    summary: """
      An address of a node: where it listened, which may be two places, or what a simulated NAT made \
      of that.
      """,
    columns: [("run", "the run"), ("node", "the node"), ("address", "`HOST:PORT`")],
    body: """
      SELECT run, node, address FROM nodes WHERE address IS NOT NULL
      UNION
      SELECT run, node, data ->> 'also' FROM events
      WHERE kind = 'node.ready' AND data ->> 'also' IS NOT NULL
      UNION
      SELECT run, data ->> 'node', data ->> 'address' FROM events
      WHERE node = 'supervisor' AND kind = 'nat.mapped'
      """)

  static let clockSkews = View(
    name: "clock_skews",
    summary: """
      How far the times of two events may be off, though each is right by its own node: in a \
      simulation nodes' clocks differ (`clock-skew`), and what a program prints without a time gets \
      that at which the supervisor saw it, which is measured (`usage.printed_late`).
      """,
    columns: [
      ("run", "the run"),
      ("most", "between two nodes, in microseconds: twice the `clock-skew`, and the latest look"),
      ("of_one", "between a node and the supervisor: the `clock-skew`, and the latest look"),
    ],
    body: """
      SELECT run, 2 * skew + late AS most, skew + late AS of_one
      FROM (
        SELECT r.run, coalesce(r.plan ->> '$.networkModel.clockSkew', 0) AS skew,
          coalesce((SELECT max(u.printed_late) FROM usage u WHERE u.run = r.run), 0) AS late
        FROM runs r
      )
      """)

  static let deaths = View(
    name: "deaths",
    summary: """
      A time in which a node was not there: killed, stopped, crashed, or frozen by a \
      pause. The orderly end of the run is none.
      """,
    columns: [
      ("run", "the run"),
      ("node", "the node"),
      ("address", "its address"),
      ("cause", "`killed`, `stopped`, `crashed` or `frozen`"),
      (
        "t",
        "when it began to go: the fault was applied, or, of a crash, a second before it was "
          + "seen"
      ),
      ("s", "seconds from the run's beginning to `t`"),
      ("gone_t", "when it was seen to be gone"),
      ("gone_s", "seconds from the run's beginning to `gone_t`"),
      ("back_t", "when it was ready again, or, of a frozen node, continued; NULL: never"),
      ("back_s", "seconds from the run's beginning to `back_t`"),
      (
        "life",
        "which of the node's lives this ended, from 1, or came after, where the node was not ready "
          + "yet; NULL: none, or it was frozen"
      ),
    ],
    body: """
      WITH
      exits AS MATERIALIZED (
        SELECT run, data ->> 'node' AS node, t AS exit_t, data ->> 'pid' AS pid
        FROM events
        WHERE node = 'supervisor' AND kind = 'node.exited'
      ),
      -- The exit that a kill, a stop or the first half of a restart led to: the node's next, which a
      -- window finds in one pass. Where two faults meet on a busy host, one exit is both's: it is one
      -- death, the first one's.
      felled AS MATERIALIZED (
        SELECT run, node, cause, min(t) AS t, exit_t
        FROM (
          SELECT run, node, cause, t, latest_t,
            min(exit_t) OVER (PARTITION BY run, node ORDER BY t DESC) AS exit_t
          FROM (
            SELECT run, node, iif(action = 'stop', 'stopped', 'killed') AS cause, applied_t AS t,
              iif(action = 'restart', confirmed_t, NULL) AS latest_t, NULL AS exit_t
            FROM faults WHERE action IN ('kill', 'stop', 'restart') AND applied_t IS NOT NULL
            UNION ALL
            SELECT run, node, NULL, exit_t, NULL, exit_t FROM exits
          )
        )
        WHERE cause IS NOT NULL AND exit_t <= coalesce(latest_t, exit_t)
        GROUP BY run, node, exit_t
      ),
      -- Exits that no fault explains. The neighbours may have noticed before the supervisor did.
      crashed AS (
        SELECT x.run, x.node, 'crashed' AS cause, x.exit_t - 1000000 AS t, x.exit_t
        FROM exits x JOIN runs r ON r.run = x.run
        WHERE (r.stopping_t IS NULL OR x.exit_t < r.stopping_t)
          AND NOT EXISTS (
            SELECT 1 FROM felled f
            WHERE f.run = x.run AND f.node = x.node AND f.exit_t = x.exit_t)
      ),
      gone AS MATERIALIZED (
        SELECT run, node, cause, t, exit_t AS gone_t, NULL AS healed_t FROM felled
        UNION ALL
        SELECT run, node, cause, t, exit_t, NULL FROM crashed
        UNION ALL
        SELECT run, node, 'frozen', applied_t, confirmed_t, healed_t
        FROM faults WHERE action = 'pause' AND confirmed_t IS NOT NULL
      ),
      readied AS MATERIALIZED (
        SELECT run, node, t, data ->> 'pid' AS pid,
          row_number() OVER (PARTITION BY run, node ORDER BY n) AS life
        FROM events
        WHERE kind = 'node.ready' AND (run, node) IN (SELECT run, node FROM gone)
        UNION ALL
        SELECT run, data ->> 'node', t, NULL, NULL FROM events
        WHERE node = 'supervisor' AND kind = 'program.ready'
      ),
      -- Which life it was, the process says: clocks may differ. They tell it of a process that was never
      -- ready, or is not the one that said so.
      died AS MATERIALIZED (
        SELECT g.*, CASE WHEN g.cause <> 'frozen' THEN coalesce(
          (SELECT max(y.life) FROM exits x
              JOIN readied y ON y.run = x.run AND y.node = x.node AND y.pid = x.pid
            WHERE x.run = g.run AND x.node = g.node AND x.exit_t = g.gone_t),
          (SELECT max(y.life) FROM readied y
            WHERE y.run = g.run AND y.node = g.node AND y.t <= g.gone_t)) END AS life
        FROM gone g
      ),
      back AS (
        SELECT d.run, d.node, d.cause, d.t, d.gone_t, d.life,
          coalesce(d.healed_t, max(d.gone_t, min(y.t))) AS back_t
        FROM died d
          LEFT JOIN readied y ON y.run = d.run AND y.node = d.node
            AND iif(d.life IS NULL, y.t > d.gone_t, y.life = d.life + 1)
        GROUP BY d.run, d.node, d.cause, d.t
      )
      SELECT b.run, b.node, n.address, b.cause,
        b.t, (b.t - r.began_t) / 1e6 AS s,
        b.gone_t, (b.gone_t - r.began_t) / 1e6 AS gone_s,
        b.back_t, (b.back_t - r.began_t) / 1e6 AS back_s, b.life
      FROM back b JOIN runs r ON r.run = b.run
        LEFT JOIN nodes n ON n.run = b.run AND n.node = b.node
      """)

  static let overloads = View(
    name: "overloads",
    summary: """
      A stretch of the run, from one of the supervisor's samples to the next, due each second, in \
      which who wanted to go on waited for a processor for a tenth of a second or more: a node \
      (`lateness`), or the supervisor. Neither is believed unless the host says so too: at least 95% \
      busy, or tasks that waited for half of that time.
      """,
    columns: [
      ("run", "the run"),
      ("from_t", "the sample before"),
      ("from_s", "seconds from the run's beginning to `from_t`"),
      ("to_t", "the sample"),
      ("to_s", "seconds from the run's beginning to `to_t`"),
      ("host_busy", "permille of all cores"),
      ("pressure", "permille of the time in which some task waited for a processor; NULL: unknown"),
      ("runnable", "tasks that ran or waited for a processor at `to_t`; NULL: unknown"),
      ("supervisor_late", "how late the supervisor woke up, at most, in microseconds"),
      ("nodes_late", "how late a node woke up, at most, in microseconds; NULL: none was"),
    ],
    body: """
      WITH
      -- Where nobody has measured it, the supervisor was as late as its sample.
      samples AS (
        SELECT run, lag(t) OVER (PARTITION BY run ORDER BY t) AS from_t, t AS to_t, host_busy,
          pressure, runnable,
          coalesce(late, t - lag(t) OVER (PARTITION BY run ORDER BY t) - 1000000) AS late
        FROM usage
      ),
      stretches AS (
        SELECT s.run, s.from_t, s.to_t, s.host_busy, s.pressure, s.runnable,
          s.late AS supervisor_late, max(l.late) AS nodes_late,
          max(s.late, coalesce(max(l.late), 0)) AS late
        FROM samples s LEFT JOIN lateness l
          ON l.run = s.run AND l.second BETWEEN s.from_t / 1000000 AND s.to_t / 1000000
            AND l.from_t < s.to_t AND l.to_t > s.from_t
        GROUP BY s.run, s.to_t
      )
      SELECT o.run, o.from_t, (o.from_t - r.began_t) / 1e6 AS from_s,
        o.to_t, (o.to_t - r.began_t) / 1e6 AS to_s, o.host_busy, o.pressure, o.runnable,
        o.supervisor_late, o.nodes_late
      FROM stretches o JOIN runs r ON r.run = o.run
      WHERE o.from_t IS NOT NULL AND o.late >= 100000
        AND (o.host_busy >= 950
          OR 2 * o.pressure * (o.to_t - o.from_t) / 1000 >= min(o.late, o.to_t - o.from_t))
        AND (r.stopping_t IS NULL OR o.from_t < r.stopping_t)
      """)

  static let separations = View(
    name: "separations",
    summary: """
      A time in which a fault on the network kept nodes on its two sides (`fault_sides`) apart for \
      all that their protocol can know: a partition, loss or limited bandwidth, in one direction or \
      both, or a latency that adds a quarter of the shortest time for an answer, or more.
      """,
    columns: [
      ("run", "the run"),
      ("fault", "the fault's number in the plan"),
      ("action", "`partition`, `loss`, `bandwidth` or `latency`"),
      ("from_t", "when it began"),
      ("from_s", "seconds from the run's beginning to `from_t`"),
      ("to_t", "when it ended; NULL: never"),
      ("to_s", "seconds from the run's beginning to `to_t`"),
    ],
    body: """
      SELECT f.run, f.fault, f.action,
        f.applied_t AS from_t, (f.applied_t - r.began_t) / 1e6 AS from_s,
        f.healed_t AS to_t, (f.healed_t - r.began_t) / 1e6 AS to_s
      FROM faults f JOIN runs r ON r.run = f.run
      WHERE f.applied_t IS NOT NULL
        AND (f.action IN ('partition', 'loss', 'bandwidth')
          OR f.action = 'latency' AND 4 * f.latency >= (
          SELECT min(coalesce(n.options ->> 'answer-timeout', n.options ->> 'heartbeat-timeout'))
          FROM nodes n WHERE n.run = f.run))
      """)
}
