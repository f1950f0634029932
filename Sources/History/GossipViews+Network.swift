extension View {
  static let unrest = View(
    name: "unrest",
    summary: """
      A time in which separations, or what they left behind, may keep texts from travelling and \
      peers from being linked or listed.
      """,
    columns: [
      ("run", "the run"),
      ("from_t", "when the first separation began"),
      ("from_s", "seconds from the run's beginning to `from_t`"),
      (
        "until_t",
        "the longest `gossip_deadlines.heal_within` after the last one ended; NULL: one never did"
      ),
      ("until_s", "seconds from the run's beginning to `until_t`"),
    ],
    body: """
      WITH
      spans AS MATERIALIZED (
        SELECT s.run, s.from_t,
          coalesce(s.to_t + (
            SELECT max(g.heal_within) FROM gossip_deadlines g WHERE g.run = s.run), 9e18)
            AS until_t
        FROM separations s
      ),
      -- Spans that overlap are one: a new one begins after the end of all before it.
      begun AS (
        SELECT run, from_t, until_t,
          coalesce(from_t > max(until_t) OVER (
            PARTITION BY run ORDER BY from_t, until_t
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 1) AS begins
        FROM spans
      ),
      numbered AS (
        SELECT run, from_t, until_t,
          sum(begins) OVER (PARTITION BY run ORDER BY from_t, until_t ROWS UNBOUNDED PRECEDING)
            AS number
        FROM begun
      ),
      joined AS (
        SELECT run, min(from_t) AS from_t, nullif(max(until_t), 9e18) AS until_t
        FROM numbered GROUP BY run, number
      )
      SELECT j.run, j.from_t, (j.from_t - r.began_t) / 1e6 AS from_s,
        j.until_t, (j.until_t - r.began_t) / 1e6 AS until_s
      FROM joined j JOIN runs r ON r.run = j.run
      """)

  /// The table expression that ``apart(_:_:in:from:to:)`` reads: made once, since it is asked for
  /// each row.
  static let separated = """
    separated AS MATERIALIZED (
      SELECT run, fault, from_t, coalesce(to_t, 9e18) AS to_t FROM separations
    )
    """

  /// SQL that is true where a separation lay between two nodes at some time from one instant to
  /// another.
  static func apart(
    _ one: String, _ other: String, in run: String, from: String, to: String
  ) -> String {
    """
    EXISTS (
      SELECT 1 FROM separated x
        JOIN fault_sides p ON p.run = x.run AND p.fault = x.fault AND p.node = \(one)
        JOIN fault_sides q
          ON q.run = x.run AND q.fault = x.fault AND q.node = \(other) AND q.side <> p.side
      WHERE x.run = \(run) AND x.from_t <= \(to) AND x.to_t >= \(from))
    """
  }
}
