extension View {
  /// What the checks of the gossip network, and people, ask about.
  static let gossip = [
    links, gossipDeadlines, unrest, deadNodeReports, deadNodeDuties, gossipDeliveries,
    gossipAudience, gossipRepeats, seedBeliefs, settledBeliefs, finalGraph,
  ]

  static let links = View(
    name: "links",
    summary: """
      A link between two peers as one of them, its owner, logged it: two rows where both \
      did.
      """,
    columns: [
      ("run", "the run"),
      ("node", "the owner"),
      ("peer_node", "the neighbour's name; NULL: no node of this run"),
      ("peer", "the neighbour's address"),
      ("direction", "`dialled` or `accepted` by the owner"),
      ("opened_t", "when both handshakes were through"),
      ("opened_s", "seconds from the run's beginning to `opened_t`"),
      (
        "closed_t",
        "when it ended for the owner, by its own end at the latest; NULL: open to the last"
      ),
      ("closed_s", "seconds from the run's beginning to `closed_t`"),
      (
        "reason",
        "why, in the words of `link.closed`; `died`: the owner's own end; NULL: open to the "
          + "last"
      ),
    ],
    body: """
      WITH
      \(marksAndEnds(of: "'link.opened', 'link.closed'")),
      -- Two links of one pair of nodes overlap for a moment now and then (a duplicate): the first
      -- close is paired with the first opening, so that the rows together say when there was one.
      placed AS (
        SELECT run, node, life, peer, kind, t, data,
          row_number() OVER (PARTITION BY run, node, life, peer, kind ORDER BY n) AS place
        FROM marks WHERE kind <> 'node.ready'
      ),
      paired AS (
        SELECT run, node, life, peer,
          min(t) FILTER (WHERE kind = 'link.opened') AS opened_t,
          min(data ->> 'direction') FILTER (WHERE kind = 'link.opened') AS direction,
          min(t) FILTER (WHERE kind = 'link.closed') AS closed_t,
          min(data ->> 'reason') FILTER (WHERE kind = 'link.closed') AS reason
        FROM placed GROUP BY run, node, life, peer, place
      ),
      -- Made whole before anything is joined with it: taken apart, it misleads SQLite's planner.
      rows AS MATERIALIZED (
        SELECT l.run, l.node, p.node AS peer_node, l.peer, l.direction, l.opened_t,
          coalesce(l.closed_t, e.t) AS closed_t,
          coalesce(l.reason, iif(e.t IS NULL, NULL, 'died')) AS reason
        FROM paired l
          LEFT JOIN ended e ON e.run = l.run AND e.node = l.node AND e.life = l.life
          LEFT JOIN nodes p ON p.run = l.run AND p.address = l.peer
        WHERE l.opened_t IS NOT NULL
      )
      SELECT l.run, l.node, l.peer_node, l.peer, l.direction,
        l.opened_t, (l.opened_t - r.began_t) / 1e6 AS opened_s,
        l.closed_t, (l.closed_t - r.began_t) / 1e6 AS closed_s, l.reason
      FROM rows l JOIN runs r ON r.run = l.run
      """)

  static let gossipDeadlines = View(
    name: "gossip_deadlines",
    summary: """
      What a peer's options imply about the time that it takes, in microseconds. With m \
      misses, probe interval i, answer timeout a, relink interval r, seed retry q and gossip delay \
      d:
      """,
    columns: [
      ("run", "the run"),
      ("node", "the peer"),
      ("relink_interval", "its option of that name"),
      ("answer_timeout", "its option of that name"),
      ("catch_up_window", "its option of that name"),
      ("patience", "(m - 1) i: a frozen neighbour cannot be suspected sooner"),
      ("report_within", "m i + max(i, a) + a + 1 s: from a neighbour's death to the report of it"),
      ("repair_within", "`report_within` + 2 r: until lost links are replaced too"),
      (
        "gossip_within",
        "`report_within` + 2 r + d: until missed texts are caught up with as well"
      ),
      (
        "heal_within",
        "`report_within` + 2 a + 34 r + q + d: the same after a separation, when others have to be "
          + "listed again first and both wait up to 16 r for their next round"
      ),
    ],
    body: """
      SELECT run, node, relink_interval, answer_timeout, catch_up_window, patience, report_within,
        report_within + 2 * relink_interval AS repair_within,
        report_within + 2 * relink_interval + gossip_delay AS gossip_within,
        report_within + 2 * answer_timeout + 34 * relink_interval + seed_retry + gossip_delay
          AS heal_within
      FROM (
        SELECT run, node,
          options ->> 'relink-interval' AS relink_interval,
          options ->> 'answer-timeout' AS answer_timeout,
          options ->> 'catch-up-window' AS catch_up_window,
          options ->> 'seed-retry' AS seed_retry,
          options ->> 'gossip-delay' AS gossip_delay,
          (options ->> 'liveness-misses' - 1) * (options ->> 'liveness-interval') AS patience,
          (options ->> 'liveness-misses') * (options ->> 'liveness-interval')
            + max(options ->> 'liveness-interval', options ->> 'answer-timeout')
            + (options ->> 'answer-timeout') + 1000000 AS report_within
        FROM nodes
        WHERE role = 'gossip-peer'
      )
      """)

  static let gossipDeliveries = View(
    name: "gossip_deliveries",
    summary: "The first arrival of a text at a peer.",
    columns: [
      ("run", "the run"),
      ("message", "the text with its identity, `TIMESTAMP:HOST:PORT:TEXT`"),
      ("origin", "who sent it first; NULL: no node of this run logged that"),
      ("node", "where it arrived"),
      ("via", "the neighbour that passed it on"),
      ("sent_t", "when it was first sent"),
      ("sent_s", "seconds from the run's beginning to `sent_t`"),
      ("received_t", "when it arrived"),
      ("received_s", "seconds from the run's beginning to `received_t`"),
      ("delay", "seconds from one to the other"),
    ],
    body: """
      WITH
      sent AS MATERIALIZED (
        SELECT run, data ->> 'message' AS message, node AS origin, min(t) AS sent_t
        FROM events WHERE kind = 'gossip.sent' GROUP BY run, message
      ),
      received AS MATERIALIZED (
        SELECT run, data ->> 'message' AS message, node, peer, min(t) AS received_t
        FROM events WHERE kind = 'gossip.received' GROUP BY run, message, node
      )
      SELECT g.run, g.message, s.origin, g.node, coalesce(v.node, g.peer) AS via,
        s.sent_t, (s.sent_t - r.began_t) / 1e6 AS sent_s,
        g.received_t, (g.received_t - r.began_t) / 1e6 AS received_s,
        (g.received_t - s.sent_t) / 1e6 AS delay
      FROM received g JOIN runs r ON r.run = g.run
        LEFT JOIN sent s ON s.run = g.run AND s.message = g.message
        LEFT JOIN nodes v ON v.run = g.run AND v.address = g.peer
      """)

  static let gossipAudience = View(
    name: "gossip_audience",
    summary: """
      A peer that a text must reach: it had a link when the text was sent and lived until \
      the deadline. Texts whose origin had no link then, or was gone within a second, have \
      none; nor have those that several deaths or unrest held up for longer than new links catch \
      up with, or than their origin lived.
      """,
    columns: [
      ("run", "the run"),
      ("message", "the text with its identity"),
      ("origin", "who sent it"),
      ("node", "who must get it"),
      ("sent_t", "when it was sent"),
      ("sent_s", "seconds from the run's beginning to `sent_t`"),
      (
        "deadline_t",
        "when it must have arrived: `gossip_deadlines.gossip_within` later, or at the end of the "
          + "unrest meanwhile. Of one that was not there by then it is as long after the last death "
          + "meanwhile, if there was another before that had yet to be repaired"
      ),
      ("deadline_s", "seconds from the run's beginning to `deadline_t`"),
      ("received_t", "when it arrived; NULL: never"),
      ("received_s", "seconds from the run's beginning to `received_t`"),
      ("reached", "1: in time"),
      ("judged", "1: reached, or the deadline passed before the run was stopped"),
    ],
    body: """
      WITH
      sent AS MATERIALIZED (
        SELECT run, data ->> 'message' AS message, node AS origin, min(t) AS sent_t
        FROM events WHERE kind = 'gossip.sent' GROUP BY run, message
      ),
      absent AS MATERIALIZED (
        SELECT run, node, t, coalesce(back_t, 9e18) AS back_t FROM deaths
      ),
      linked AS MATERIALIZED (
        SELECT run, node, opened_t, coalesce(closed_t, 9e18) AS closed_t FROM links
      ),
      present AS MATERIALIZED (
        SELECT s.run, s.message, s.origin, s.sent_t, l.node
        FROM sent s JOIN linked l
          ON l.run = s.run AND l.opened_t <= s.sent_t AND l.closed_t > s.sent_t
        GROUP BY s.run, s.message, l.node
      ),
      repair AS MATERIALIZED (
        SELECT run, max(gossip_within) AS within FROM gossip_deadlines GROUP BY run
      ),
      -- Texts whose origin had a link and lived long enough to pass them on. One that a death holds
      -- up can be held up anew by the next, which may hit who was about to mend the first.
      travelling AS MATERIALIZED (
        SELECT p.run, p.message, (
            SELECT iif(count(*) > 1 AND max(a.t) > p.sent_t, max(a.t), p.sent_t) FROM absent a
            WHERE a.run = p.run AND a.t > p.sent_t - w.within AND a.t <= p.sent_t + w.within)
            AS held_t
        FROM present p JOIN repair w ON w.run = p.run
        WHERE node = origin AND NOT EXISTS (
          SELECT 1 FROM absent a
          WHERE a.run = p.run AND a.node = p.origin
            AND a.t <= p.sent_t + 1000000 AND a.back_t > p.sent_t)
      ),
      received AS MATERIALIZED (
        SELECT run, data ->> 'message' AS message, node, min(t) AS received_t
        FROM events WHERE kind = 'gossip.received' GROUP BY run, message, node
      ),
      unrested AS MATERIALIZED (
        SELECT run, from_t, coalesce(until_t, 9e18) AS until_t FROM unrest
      ),
      due AS (
        SELECT p.run, p.message, p.origin, p.sent_t, p.node,
          p.sent_t + g.gossip_within AS soonest_t, t.held_t + g.gossip_within AS due_t,
          p.sent_t + g.catch_up_window AS forgotten_t
        FROM travelling t
          JOIN present p ON p.run = t.run AND p.message = t.message AND p.node <> p.origin
          JOIN gossip_deadlines g ON g.run = p.run AND g.node = p.node
      ),
      audience AS (
        SELECT d.*, v.received_t,
          max(iif(v.received_t <= d.soonest_t, d.soonest_t, d.due_t), coalesce((
            SELECT max(u.until_t) FROM unrested u
            WHERE u.run = d.run AND u.from_t <= d.due_t AND u.until_t > d.sent_t), 0))
            AS deadline_t
        FROM due d
          LEFT JOIN received v ON v.run = d.run AND v.message = d.message AND v.node = d.node
      )
      SELECT a.run, a.message, a.origin, a.node,
        a.sent_t, (a.sent_t - r.began_t) / 1e6 AS sent_s,
        a.deadline_t, (a.deadline_t - r.began_t) / 1e6 AS deadline_s,
        a.received_t, (a.received_t - r.began_t) / 1e6 AS received_s,
        coalesce(a.received_t <= a.deadline_t, 0) AS reached,
        coalesce(a.received_t <= a.deadline_t, 0) OR coalesce(r.stopping_t >= a.deadline_t, 0)
          AS judged
      FROM audience a JOIN runs r ON r.run = a.run
      -- A text that was held up may have died with the only ones who had it: its origin must live.
      WHERE (a.deadline_t = a.soonest_t OR a.deadline_t <= a.forgotten_t) AND NOT EXISTS (
        SELECT 1 FROM absent x
        WHERE x.run = a.run AND x.t <= a.deadline_t AND x.back_t > a.sent_t
          AND (x.node = a.node OR x.node = a.origin AND a.deadline_t > a.soonest_t))
      """)
}
