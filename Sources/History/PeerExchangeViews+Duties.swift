extension View {
  /// Times in which a node was away, or the network kept nodes apart, by whichever clock.
  private static let troubles = """
    absent AS MATERIALIZED (
      SELECT d.run, d.node, d.t - k.of_one AS t, coalesce(d.back_t + k.of_one, 9e18) AS back_t
      FROM deaths d JOIN clock_skews k ON k.run = d.run
    ),
    apart AS MATERIALIZED (
      SELECT s.run, s.from_t - k.of_one AS from_t, coalesce(s.to_t + k.of_one, 9e18) AS to_t
      FROM separations s JOIN clock_skews k ON k.run = s.run
    )
    """

  /// SQL that is true where no trouble lay over a time, for two nodes.
  private static func calm(
    _ one: String, _ other: String, in run: String, from: String, to: String
  ) -> String {
    """
    NOT EXISTS (
      SELECT 1 FROM absent x
      WHERE x.run = \(run) AND x.node IN (\(one), \(other)) AND x.t <= \(to) AND x.back_t > \(from))
    AND NOT EXISTS (
      SELECT 1 FROM apart x WHERE x.run = \(run) AND x.from_t <= \(to) AND x.to_t > \(from))
    """
  }

  static let pieceDuties = View(
    name: "piece_duties",
    summary: """
      A piece that a node wanted and got, or must have got: for `pex_deadlines.get_within` it had a \
      connection of its own to one who had the piece all that time, with both of them there and \
      nothing between them.
      """,
    columns: [
      ("run", "the run"),
      ("node", "who wanted it"),
      ("life", "in which of its lives"),
      ("hash", "the piece's SHA-256"),
      ("wanted_t", "when it began to be wanted"),
      ("wanted_s", "seconds from the run's beginning to `wanted_t`"),
      (
        "owner", "who could have given it, the one with the earliest deadline; NULL: no one so long"
      ),
      ("since_t", "since when"),
      ("since_s", "seconds from the run's beginning to `since_t`"),
      ("deadline_t", "when the node must have had it"),
      ("deadline_s", "seconds from the run's beginning to `deadline_t`"),
      ("held_t", "when it came; NULL: never"),
      ("held_s", "seconds from the run's beginning to `held_t`"),
      ("fulfilled", "1: in time"),
    ],
    body: """
      WITH
      \(troubles),
      had AS MATERIALIZED (
        SELECT run, node, life, hash, wanted_t, held_t, coalesce(until_t, 9e18) AS until_t
        FROM pieces
      ),
      asking AS MATERIALIZED (
        SELECT run, node, peer_node, linked_t, coalesce(lost_t, 9e18) AS lost_t
        FROM neighbours WHERE direction = 'dialled' AND peer_node IS NOT NULL
      ),
      chances AS MATERIALIZED (
        SELECT w.run, w.node, w.life, w.hash, o.node AS owner,
          max(w.wanted_t, o.held_t, k.linked_t) AS since_t, d.get_within,
          min(w.until_t, o.until_t, k.lost_t) AS until_t
        FROM had w
          JOIN had o ON o.run = w.run AND o.hash = w.hash AND o.node <> w.node
            AND o.held_t IS NOT NULL AND o.held_t < coalesce(w.held_t, 9e18)
          JOIN asking k ON k.run = w.run AND k.node = w.node AND k.peer_node = o.node
            AND k.linked_t < min(w.until_t, o.until_t) AND k.lost_t > max(w.wanted_t, o.held_t)
          JOIN pex_deadlines d ON d.run = w.run AND d.node = w.node
        WHERE w.wanted_t IS NOT NULL
      ),
      -- The bare column goes with the least deadline (SQLite's rule for min()).
      due AS MATERIALIZED (
        SELECT c.run, c.node, c.life, c.hash, c.owner, c.since_t,
          min(c.since_t + c.get_within) AS deadline_t
        FROM chances c JOIN runs r ON r.run = c.run
        WHERE c.since_t + c.get_within <= c.until_t AND c.since_t + c.get_within <= r.stopping_t
          AND \(calm("c.node", "c.owner", in: "c.run", from: "c.since_t",
            to: "c.since_t + c.get_within"))
        GROUP BY c.run, c.node, c.life, c.hash
      )
      SELECT w.run, w.node, w.life, w.hash,
        w.wanted_t, (w.wanted_t - r.began_t) / 1e6 AS wanted_s, d.owner,
        d.since_t, (d.since_t - r.began_t) / 1e6 AS since_s,
        d.deadline_t, (d.deadline_t - r.began_t) / 1e6 AS deadline_s,
        w.held_t, (w.held_t - r.began_t) / 1e6 AS held_s,
        coalesce(w.held_t <= d.deadline_t, w.held_t IS NOT NULL) AS fulfilled
      FROM had w JOIN runs r ON r.run = w.run
        LEFT JOIN due d
          ON d.run = w.run AND d.node = w.node AND d.life = w.life AND d.hash = w.hash
      WHERE w.wanted_t IS NOT NULL AND (w.held_t IS NOT NULL OR d.deadline_t IS NOT NULL)
      """)

  static let acquaintances = View(
    name: "acquaintances",
    summary: """
      Two nodes of which one must know the other: since both were there, \
      `pex_deadlines.learn_within` went by in which both stayed, nothing was between any nodes, and \
      one whom the later of the two dials first was there (or the earlier, where the later dials \
      nobody). Programs that play peers say nothing of whom they know, nor when they tell others: that \
      they know is not asked, and while there are any, the two must have the same one to dial first, \
      who is no program, or be each other's.
      """,
    columns: [
      ("run", "the run"),
      ("node", "who must know"),
      ("peer_node", "whom"),
      ("since_t", "since when both were there"),
      ("since_s", "seconds from the run's beginning to `since_t`"),
      ("deadline_t", "when it must have known"),
      ("deadline_s", "seconds from the run's beginning to `deadline_t`"),
      ("learned_t", "since when it did; NULL: it never did, or had forgotten by the deadline"),
      ("learned_s", "seconds from the run's beginning to `learned_t`"),
      ("fulfilled", "1: in time"),
    ],
    body: """
      WITH
      \(troubles),
      born AS MATERIALIZED (
        SELECT e.run, e.node, e.t AS ready_t, n.options ->> 'bootstrap' AS bootstrap
        FROM events e JOIN nodes n ON n.run = e.run AND n.node = e.node
        WHERE e.kind = 'node.ready' AND n.role = 'pex-peer'
      ),
      -- Peers without options are programs.
      mixed AS MATERIALIZED (SELECT DISTINCT run FROM born WHERE bootstrap IS NULL),
      -- Whom a node dials first, and is told of all others by.
      guides AS MATERIALIZED (
        SELECT b.run, b.node, b.ready_t, g.node AS guide
        FROM born b
          JOIN nodes g ON g.run = b.run
            AND instr(',' || b.bootstrap || ',', ',' || g.address || ',') > 0
        WHERE g.options ->> 'bootstrap' IS NOT NULL
        GROUP BY b.run, b.node, b.ready_t, g.node
      ),
      within AS MATERIALIZED (
        SELECT run, max(learn_within) AS most FROM pex_deadlines GROUP BY run
      ),
      pairs AS MATERIALIZED (
        SELECT a.run, a.node, b.node AS peer_node, max(a.ready_t, b.ready_t) AS since_t,
          max(a.ready_t, b.ready_t) + w.most AS deadline_t,
          iif(a.ready_t > b.ready_t, a.node, b.node) AS later,
          iif(a.ready_t > b.ready_t, b.node, a.node) AS earlier,
          max(a.ready_t, b.ready_t) AS later_t, min(a.ready_t, b.ready_t) AS earlier_t
        FROM born a JOIN born b ON b.run = a.run AND b.node <> a.node
          JOIN within w ON w.run = a.run
        WHERE a.bootstrap IS NOT NULL
      ),
      known AS MATERIALIZED (
        SELECT run, node, peer_node, learned_t, coalesce(forgotten_t, 9e18) AS forgotten_t
        FROM known_peers WHERE peer_node IS NOT NULL
      ),
      due AS MATERIALIZED (
        SELECT p.run, p.node, p.peer_node, p.since_t, p.deadline_t
        FROM pairs p JOIN runs r ON r.run = p.run AND p.deadline_t <= r.stopping_t
        WHERE \(calm("p.node", "p.peer_node", in: "p.run", from: "p.since_t", to: "p.deadline_t"))
          AND EXISTS (
            SELECT 1 FROM guides g
            WHERE g.run = p.run AND (
                g.node = p.later AND g.ready_t = p.later_t
                OR g.guide = p.later AND g.node = p.earlier AND g.ready_t = p.earlier_t)
              AND (
                g.guide IN (p.later, p.earlier) OR p.run NOT IN (SELECT run FROM mixed)
                OR EXISTS (
                  SELECT 1 FROM guides h
                  WHERE h.run = g.run AND h.guide = g.guide AND h.node = p.earlier))
              AND NOT EXISTS (
                SELECT 1 FROM absent x
                WHERE x.run = g.run AND x.node = g.guide
                  AND x.t <= p.deadline_t AND x.back_t > p.since_t))
      )
      SELECT d.run, d.node, d.peer_node,
        d.since_t, (d.since_t - r.began_t) / 1e6 AS since_s,
        d.deadline_t, (d.deadline_t - r.began_t) / 1e6 AS deadline_s,
        min(k.learned_t) AS learned_t, (min(k.learned_t) - r.began_t) / 1e6 AS learned_s,
        min(k.learned_t) IS NOT NULL AS fulfilled
      FROM due d JOIN runs r ON r.run = d.run
        LEFT JOIN known k ON k.run = d.run AND k.node = d.node AND k.peer_node = d.peer_node
          AND k.learned_t <= d.deadline_t AND k.forgotten_t > d.deadline_t
      GROUP BY d.run, d.node, d.peer_node, d.since_t
      """)
}
