extension View {
  static let deadNodeReports = View(
    name: "dead_node_reports",
    summary: "A report of a death, by one peer to one seed, before the run was stopped.",
    columns: [
      ("run", "the run"),
      ("reporter", "the peer that made it"),
      ("dead", "the node said to be dead, or its address where it is no node of this run"),
      ("dead_address", "its address"),
      ("seed", "the seed that was told"),
      ("reported_t", "when it was made"),
      ("reported_s", "seconds from the run's beginning to `reported_t`"),
      ("received_t", "when the seed logged it; NULL: never"),
      ("received_s", "seconds from the run's beginning to `received_t`"),
      ("death_t", "the last death of that node before; NULL: it had not died"),
      ("death_s", "seconds from the run's beginning to `death_t`"),
      ("delay", "seconds from the death to the report"),
    ],
    body: """
      WITH
      skews AS MATERIALIZED (SELECT run, most AS skew FROM clock_skews),
      heard AS MATERIALIZED (
        SELECT run, node AS seed, peer, data ->> 'by' AS by, t
        FROM events WHERE kind = 'report.received'
      ),
      told AS MATERIALIZED (
        SELECT e.run, e.node AS reporter, n.address AS reporter_address, e.n, e.t, e.peer,
          e.data ->> 'seed' AS seed_address, s.node AS seed
        FROM events e JOIN runs r ON r.run = e.run
          LEFT JOIN nodes n ON n.run = e.run AND n.node = e.node
          LEFT JOIN nodes s ON s.run = e.run AND s.address = e.data ->> 'seed'
        WHERE e.kind = 'dead.reported' AND (r.stopping_t IS NULL OR e.t < r.stopping_t)
      ),
      -- A report arrives after it was made; a node's clock is that of its last wake-up, so a second
      -- is granted.
      matched AS MATERIALIZED (
        SELECT t.run, t.reporter, t.peer, t.seed, t.seed_address, t.t, min(h.t) AS received_t
        FROM told t JOIN skews k ON k.run = t.run LEFT JOIN heard h
          ON h.run = t.run AND h.seed = t.seed AND h.peer = t.peer AND h.by = t.reporter_address
            AND h.t >= t.t - 1000000 - k.skew
        GROUP BY t.run, t.reporter, t.n
      ),
      -- The death that the report is about: the last that had begun.
      since AS (
        SELECT m.*, max(d.t) AS death_t
        FROM matched m LEFT JOIN deaths d ON d.run = m.run AND d.address = m.peer AND d.t <= m.t
        GROUP BY m.run, m.reporter, m.peer, m.seed_address, m.t
      )
      SELECT m.run, m.reporter, coalesce(p.node, m.peer) AS dead, m.peer AS dead_address,
        coalesce(m.seed, m.seed_address) AS seed,
        m.t AS reported_t, (m.t - r.began_t) / 1e6 AS reported_s,
        m.received_t, (m.received_t - r.began_t) / 1e6 AS received_s,
        m.death_t, (m.death_t - r.began_t) / 1e6 AS death_s, (m.t - m.death_t) / 1e6 AS delay
      FROM since m JOIN runs r ON r.run = m.run
        LEFT JOIN nodes p ON p.run = m.run AND p.address = m.peer
      """)

  static let deadNodeDuties = View(
    name: "dead_node_duties",
    summary: """
      A peer that had a link to a node when that died, and lived on long enough to have to \
      report it, while a seed lived to hear it, and no separation kept it from either.
      """,
    columns: [
      ("run", "the run"),
      ("node", "the peer whose duty it is"),
      ("dead", "the dead neighbour"),
      ("cause", "as in `deaths`"),
      ("death_t", "when it died"),
      ("death_s", "seconds from the run's beginning to `death_t`"),
      (
        "deadline_t",
        "when the report was due: `gossip_deadlines.report_within` after the death was seen"
      ),
      ("deadline_s", "seconds from the run's beginning to `deadline_t`"),
      ("reported_t", "its first report of that, in time or late; NULL: none"),
      ("reported_s", "seconds from the run's beginning to `reported_t`"),
      ("received_t", "when the first seed logged it; NULL: none did"),
      ("received_s", "seconds from the run's beginning to `received_t`"),
      ("fulfilled", "1: a seed was told in time"),
      ("judged", "1: fulfilled, or the deadline passed before the run was stopped"),
    ],
    body: """
      WITH
      \(separated),
      fallen AS MATERIALIZED (
        SELECT d.* FROM deaths d JOIN nodes n ON n.run = d.run AND n.node = d.node
        WHERE n.role = 'gossip-peer'
      ),
      absent AS MATERIALIZED (
        SELECT run, node, t, coalesce(back_t, 9e18) AS back_t FROM deaths
      ),
      reports AS MATERIALIZED (SELECT * FROM dead_node_reports),
      -- How far a node's times may be off from the one that a death is dated by.
      skew AS MATERIALIZED (SELECT run, of_one AS most FROM clock_skews),
      -- Neighbours that had a link when the node died, by their own records. Who closed it for
      -- a reason of its own before the deadline has no duty.
      neighbours AS MATERIALIZED (
        SELECT l.run, l.node, d.node AS dead, d.cause, d.t AS death_t,
          d.t - g.report_within AS since_t, d.gone_t + g.report_within AS deadline_t
        FROM fallen d
          JOIN skew k ON k.run = d.run
          JOIN links l ON l.run = d.run AND l.peer_node = d.node AND l.opened_t < d.t
            AND (l.closed_t IS NULL OR l.closed_t >= d.t - k.most)
          JOIN gossip_deadlines g ON g.run = l.run AND g.node = l.node
        WHERE (d.back_t IS NULL OR d.back_t > d.gone_t + g.report_within)
          AND (l.reason IS NULL OR l.closed_t > d.gone_t + g.report_within
            OR l.reason NOT IN ('duplicate', 'displaced', 'busy', 'mute', 'garbled', 'stopping'))
        GROUP BY l.run, l.node, d.node, d.t
      ),
      -- A separation counts from when a neighbour may have been busy with it at the death.
      bound AS MATERIALIZED (
        SELECT b.* FROM neighbours b
        WHERE NOT EXISTS (
            SELECT 1 FROM absent a
            WHERE a.run = b.run AND a.node = b.node
              AND a.t <= b.deadline_t AND a.back_t > b.death_t)
          AND NOT \(apart("b.node", "b.dead", in: "b.run", from: "b.since_t", to: "b.deadline_t"))
          AND EXISTS (
            SELECT 1 FROM nodes s
            WHERE s.run = b.run AND s.role = 'gossip-seed'
              AND NOT EXISTS (
                SELECT 1 FROM absent a
                WHERE a.run = s.run AND a.node = s.node
                  AND a.t <= b.deadline_t AND a.back_t > b.death_t)
              AND NOT \(
                apart("b.node", "s.node", in: "b.run", from: "b.since_t", to: "b.deadline_t")))
      ),
      outcomes AS (
        SELECT b.run, b.node, b.dead, b.cause, b.death_t, b.deadline_t,
          min(p.reported_t) AS reported_t, min(p.received_t) AS received_t,
          coalesce(max(p.reported_t <= b.deadline_t + k.most AND p.received_t IS NOT NULL), 0)
            AS fulfilled
        FROM bound b JOIN skew k ON k.run = b.run
          LEFT JOIN reports p ON p.run = b.run AND p.reporter = b.node AND p.dead = b.dead
            AND p.reported_t >= b.death_t - k.most
        GROUP BY b.run, b.node, b.dead, b.death_t
      )
      SELECT o.run, o.node, o.dead, o.cause,
        o.death_t, (o.death_t - r.began_t) / 1e6 AS death_s,
        o.deadline_t, (o.deadline_t - r.began_t) / 1e6 AS deadline_s,
        o.reported_t, (o.reported_t - r.began_t) / 1e6 AS reported_s,
        o.received_t, (o.received_t - r.began_t) / 1e6 AS received_s,
        o.fulfilled, o.fulfilled OR coalesce(r.stopping_t >= o.deadline_t, 0) AS judged
      FROM outcomes o JOIN runs r ON r.run = o.run
      """)

  static let seedBeliefs = View(
    name: "seed_beliefs",
    summary: """
      A seed's last word, before the run was stopped, on a peer that registered with it. A seed \
      that was started anew knows only who registered since.
      """,
    columns: [
      ("run", "the run"),
      ("seed", "the seed"),
      ("peer_node", "the peer's name"),
      ("peer", "the peer's address"),
      ("listed", "1: in its list; 0: dropped, or reported dead and being dialled"),
      ("since_t", "since when"),
      ("since_s", "seconds from the run's beginning to `since_t`"),
    ],
    body: """
      WITH
      words AS MATERIALIZED (
        SELECT e.run, e.node, e.n, e.t, e.kind, e.peer,
          CASE e.kind
            WHEN 'peer.registered' THEN 1
            WHEN 'report.disputed' THEN 1
            WHEN 'report.ignored' THEN e.data ->> 'reason' <> 'not listed'
            ELSE 0
          END AS listed,
          sum(e.kind = 'node.ready') OVER (PARTITION BY e.run, e.node ORDER BY e.n) AS life
        FROM events e JOIN runs r ON r.run = e.run JOIN nodes s ON s.run = e.run AND s.node = e.node
        WHERE s.role = 'gossip-seed'
          AND e.kind IN ('node.ready', 'peer.registered', 'report.received', 'report.disputed',
            'report.ignored', 'peer.removed')
          AND (r.stopping_t IS NULL OR e.t < r.stopping_t)
      ),
      -- A seed that starts anew knows nobody: only what it said since then counts.
      started AS MATERIALIZED (
        SELECT run, node, max(life) AS life FROM words WHERE kind = 'node.ready' GROUP BY run, node
      ),
      changes AS (
        SELECT w.run, w.node AS seed, w.peer, w.n, w.t, w.kind, w.listed,
          w.listed IS NOT lag(w.listed) OVER told AS changed
        FROM words w JOIN started b ON b.run = w.run AND b.node = w.node AND b.life = w.life
        WHERE w.kind <> 'node.ready'
        WINDOW told AS (PARTITION BY w.run, w.node, w.peer ORDER BY w.n)
      ),
      -- The columns beside max() are those of the row that has it.
      beliefs AS (
        SELECT run, seed, peer, listed, t, max(iif(changed, n, 0))
        FROM changes GROUP BY run, seed, peer
        HAVING sum(kind = 'peer.registered') > 0
      )
      SELECT b.run, b.seed, p.node AS peer_node, b.peer, b.listed,
        b.t AS since_t, (b.t - r.began_t) / 1e6 AS since_s
      FROM beliefs b JOIN runs r ON r.run = b.run
        LEFT JOIN nodes p ON p.run = b.run AND p.address = b.peer
      """)

  static let settledBeliefs = View(
    name: "settled_beliefs",
    summary: """
      A row of `seed_beliefs` that can be judged: nothing happened to the seed or the live \
      peer within `gossip_deadlines.repair_within` before the stop, nor were they separated within \
      `heal_within`, and a peer that is not listed has not left the seed itself; of a dead peer \
      every report is overdue by the relink interval, and a reporter could reach the seed.
      """,
    columns: [
      ("run", "the run"),
      ("seed", "the seed"),
      ("peer", "the peer's name"),
      ("listed", "1: in its list"),
      ("since_t", "since when"),
      ("since_s", "seconds from the run's beginning to `since_t`"),
      ("alive", "1: the peer lived at the stop"),
      ("death_t", "when the peer died; NULL: it lived"),
      ("death_s", "seconds from the run's beginning to `death_t`"),
      ("from_t", "when the time began that the seed had to get it right"),
      ("due_t", "when that time was over"),
    ],
    body: """
      WITH
      \(separated),
      missing AS MATERIALIZED (
        SELECT d.run, d.node, d.t, coalesce(d.back_t, 9e18) AS back_t
        FROM deaths d JOIN runs r ON r.run = d.run AND d.t <= r.stopping_t
      ),
      disturbed AS MATERIALIZED (
        SELECT run, node, max(back_t) AS back_t FROM missing GROUP BY run, node
      ),
      duties AS MATERIALIZED (
        SELECT d.run, d.node, d.dead, d.death_t, d.death_t - g.report_within AS since_t,
          d.deadline_t + g.relink_interval AS due_t
        FROM dead_node_duties d
          JOIN gossip_deadlines g ON g.run = d.run AND g.node = d.node
      ),
      -- The dead of whom every report is overdue.
      overdue AS MATERIALIZED (
        SELECT d.run, d.dead, d.death_t, max(d.due_t) AS due_t
        FROM duties d
          JOIN runs r ON r.run = d.run
          JOIN missing m
            ON m.run = d.run AND m.node = d.dead AND m.t = d.death_t AND m.back_t >= r.stopping_t
        GROUP BY d.run, d.dead, d.death_t
        HAVING max(d.due_t) <= r.stopping_t
      ),
      gone AS MATERIALIZED (
        SELECT run, dead, min(death_t) AS death_t, due_t FROM overdue GROUP BY run, dead
      ),
      -- A peer's own last word, in its present life, on whether it is registered with a seed: one
      -- that was started again may have chosen other seeds.
      registrations AS MATERIALIZED (
        SELECT e.run, e.node, e.peer AS seed_address, e.kind, max(e.n)
        FROM events e JOIN runs r ON r.run = e.run
          JOIN nodes n ON n.run = e.run AND n.node = e.node AND e.t >= n.ready_t
        WHERE e.kind IN ('seed.registered', 'seed.lost')
          AND (r.stopping_t IS NULL OR e.t < r.stopping_t)
        GROUP BY e.run, e.node, e.peer
      ),
      known AS (
        SELECT b.*, r.stopping_t, r.began_t, r.stopping_t - g.repair_within AS settled_t,
          r.stopping_t - g.heal_within AS healed_t, y.kind AS registration,
          s.back_t AS seed_back_t, p.back_t AS peer_back_t, o.dead IS NULL AS alive, o.death_t,
          o.due_t
        FROM seed_beliefs b
          JOIN runs r ON r.run = b.run AND r.stopping_t IS NOT NULL
          JOIN gossip_deadlines g ON g.run = b.run AND g.node = b.peer_node
          LEFT JOIN nodes n ON n.run = b.run AND n.node = b.seed
          LEFT JOIN registrations y
            ON y.run = b.run AND y.node = b.peer_node AND y.seed_address = n.address
          LEFT JOIN disturbed s ON s.run = b.run AND s.node = b.seed
          LEFT JOIN disturbed p ON p.run = b.run AND p.node = b.peer_node
          LEFT JOIN gone o ON o.run = b.run AND o.dead = b.peer_node
      )
      SELECT run, seed, peer_node AS peer, listed, since_t, since_s, alive,
        death_t, (death_t - began_t) / 1e6 AS death_s,
        coalesce(death_t, settled_t) AS from_t, coalesce(due_t, stopping_t) AS due_t
      FROM known k
      WHERE coalesce(seed_back_t <= settled_t, 1)
        AND CASE WHEN alive
          THEN coalesce(peer_back_t <= settled_t, 1)
            AND (listed OR since_t <= settled_t
              AND coalesce(registration = 'seed.registered', NOT EXISTS (
                SELECT 1 FROM registrations z
                WHERE z.run = k.run AND z.node = k.peer_node AND z.kind = 'seed.registered')))
            AND NOT \(
              apart("k.seed", "k.peer_node", in: "k.run", from: "k.healed_t", to: "k.stopping_t"))
          ELSE EXISTS (
            SELECT 1 FROM duties d
            WHERE d.run = k.run AND d.dead = k.peer_node AND d.death_t = k.death_t
              AND NOT \(
                apart("k.seed", "d.node", in: "k.run", from: "d.since_t", to: "k.due_t")))
          END
      """)

  static let finalGraph = View(
    name: "final_graph",
    summary: """
      A peer that lived when the run was stopped, and whether links joined it with the \
      others. A link is there when either end says so.
      """,
    columns: [
      ("run", "the run"),
      ("node", "the peer"),
      ("neighbours", "live peers it had a link with"),
      ("start", "the peer with the most neighbours"),
      ("connected", "1: a chain of links joins it with `start`"),
      ("settled_t", "the longest `gossip_deadlines.repair_within` before the stop"),
      ("settled", "1: no peer died, came back or started since then, and there was no unrest"),
    ],
    body: """
      WITH RECURSIVE
      absent AS MATERIALIZED (
        SELECT d.run, d.node FROM deaths d JOIN runs r ON r.run = d.run
        WHERE d.t <= r.stopping_t AND (d.back_t IS NULL OR d.back_t > r.stopping_t)
      ),
      peers AS MATERIALIZED (
        SELECT n.run, n.node, r.stopping_t
        FROM nodes n JOIN runs r ON r.run = n.run
        WHERE n.role = 'gossip-peer' AND n.ready_t < r.stopping_t AND NOT EXISTS (
          SELECT 1 FROM absent a WHERE a.run = n.run AND a.node = n.node)
      ),
      -- A link is there when either end says so.
      edges AS MATERIALIZED (
        SELECT l.run, l.node AS a, l.peer_node AS b
        FROM links l JOIN peers p ON p.run = l.run AND p.node = l.node
          JOIN peers q ON q.run = l.run AND q.node = l.peer_node
        WHERE l.opened_t < p.stopping_t AND (l.closed_t IS NULL OR l.closed_t >= p.stopping_t)
      ),
      ends AS MATERIALIZED (
        SELECT run, a, b FROM edges UNION SELECT run, b, a FROM edges
      ),
      counted AS MATERIALIZED (
        SELECT run, node, sum(links) AS neighbours
        FROM (SELECT run, node, 0 AS links FROM peers UNION ALL SELECT run, a, 1 FROM ends)
        GROUP BY run, node
      ),
      -- The walk starts at the peer with the most neighbours, in each run.
      start AS MATERIALIZED (
        SELECT run, node, max(neighbours) FROM counted GROUP BY run
      ),
      reached (run, node) AS (
        SELECT run, node FROM start
        UNION
        SELECT e.run, e.b FROM reached w JOIN ends e ON e.run = w.run AND e.a = w.node
      )
      ,
      -- Runs in which a peer died, came back or started too shortly before the end for a repair.
      repairs AS (
        SELECT run, max(repair_within) AS within FROM gossip_deadlines GROUP BY run
      ),
      changes AS (
        SELECT run, node, t FROM deaths
        UNION ALL
        SELECT run, node, back_t FROM deaths
        UNION ALL
        SELECT run, node, ready_t FROM nodes
      ),
      unsettled AS MATERIALIZED (
        SELECT r.run
        FROM runs r
          JOIN repairs g ON g.run = r.run
          JOIN changes c
            ON c.run = r.run AND c.t > r.stopping_t - g.within AND c.t <= r.stopping_t
          JOIN nodes n ON n.run = c.run AND n.node = c.node AND n.role = 'gossip-peer'
        GROUP BY r.run
        UNION
        SELECT r.run
        FROM runs r
          JOIN unrest u
            ON u.run = r.run AND u.from_t <= r.stopping_t
              AND coalesce(u.until_t, 9e18) > r.stopping_t
      )
      SELECT c.run, c.node, c.neighbours, s.node AS start, w.node IS NOT NULL AS connected,
        r.stopping_t - g.within AS settled_t,
        c.run NOT IN (SELECT run FROM unsettled) AS settled
      FROM counted c JOIN start s ON s.run = c.run JOIN runs r ON r.run = c.run
        JOIN repairs g ON g.run = c.run
        LEFT JOIN reached w ON w.run = c.run AND w.node = c.node
      """)
}
