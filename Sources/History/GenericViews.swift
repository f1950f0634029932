extension View {
  /// What any network's runs have.
  static let generic = [deaths, overloads, separations, nodeAddresses]

  static let nodeAddresses = View(
    name: "node_addresses",
    summary: "An address of a node: where it listened, or what a simulated NAT made of that.",
    columns: [("run", "the run"), ("node", "the node"), ("address", "`HOST:PORT`")],
    body: """
      SELECT run, node, address FROM nodes WHERE address IS NOT NULL
      UNION
      SELECT run, data ->> 'node', data ->> 'address' FROM events
      WHERE node = 'supervisor' AND kind = 'nat.mapped'
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
    ],
    body: """
      WITH
      exits AS MATERIALIZED (
        SELECT run, data ->> 'node' AS node, t AS exit_t
        FROM events
        WHERE node = 'supervisor' AND kind = 'node.exited'
      ),
      -- The exit that a kill, a stop or the first half of a restart led to. Where two faults meet on a
      -- busy host, one exit is both's: it is one death, the first one's.
      felled AS MATERIALIZED (
        SELECT run, node, cause, min(t) AS t, exit_t
        FROM (
          SELECT f.run, f.node, iif(f.action = 'stop', 'stopped', 'killed') AS cause,
            f.applied_t AS t, min(x.exit_t) AS exit_t
          FROM faults f JOIN exits x
            ON x.run = f.run AND x.node = f.node AND x.exit_t >= f.applied_t
              AND (f.action <> 'restart' OR f.confirmed_t IS NULL OR x.exit_t <= f.confirmed_t)
          WHERE f.action IN ('kill', 'stop', 'restart')
          GROUP BY f.run, f.fault
        )
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
      gone AS (
        SELECT run, node, cause, t, exit_t AS gone_t, NULL AS healed_t FROM felled
        UNION ALL
        SELECT run, node, cause, t, exit_t, NULL FROM crashed
        UNION ALL
        SELECT run, node, 'frozen', applied_t, confirmed_t, healed_t
        FROM faults WHERE action = 'pause' AND confirmed_t IS NOT NULL
      ),
      readied AS MATERIALIZED (
        SELECT run, node, t FROM events WHERE kind = 'node.ready'
        UNION ALL
        SELECT run, data ->> 'node', t FROM events
        WHERE node = 'supervisor' AND kind = 'program.ready'
      ),
      back AS (
        SELECT g.run, g.node, g.cause, g.t, g.gone_t, coalesce(g.healed_t, min(y.t)) AS back_t
        FROM gone g LEFT JOIN readied y ON y.run = g.run AND y.node = g.node AND y.t > g.gone_t
        GROUP BY g.run, g.node, g.cause, g.t
      )
      SELECT b.run, b.node, n.address, b.cause,
        b.t, (b.t - r.began_t) / 1e6 AS s,
        b.gone_t, (b.gone_t - r.began_t) / 1e6 AS gone_s,
        b.back_t, (b.back_t - r.began_t) / 1e6 AS back_s
      FROM back b JOIN runs r ON r.run = b.run
        LEFT JOIN nodes n ON n.run = b.run AND n.node = b.node
      """)

  static let overloads = View(
    name: "overloads",
    summary: """
      A stretch of the run in which nodes may have waited long for a processor: the host \
      was at least 95% busy, and the supervisor's sample, due each second, came a tenth of a \
      second late.
      """,
    columns: [
      ("run", "the run"),
      ("from_t", "the sample before"),
      ("from_s", "seconds from the run's beginning to `from_t`"),
      ("to_t", "the late sample"),
      ("to_s", "seconds from the run's beginning to `to_t`"),
      ("host_busy", "permille of all cores"),
    ],
    body: """
      SELECT u.run, u.from_t, (u.from_t - r.began_t) / 1e6 AS from_s,
        u.to_t, (u.to_t - r.began_t) / 1e6 AS to_s, u.host_busy
      FROM (
        SELECT run, lag(t) OVER (PARTITION BY run ORDER BY t) AS from_t, t AS to_t, host_busy
        FROM usage
      ) u JOIN runs r ON r.run = u.run
      WHERE u.host_busy >= 950 AND u.to_t - u.from_t >= 1100000
        AND (r.stopping_t IS NULL OR u.from_t < r.stopping_t)
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
