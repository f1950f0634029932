extension View {
  /// What the checks of the kPTP network, and people, ask about.
  static let kptp = [
    kptpPeers, kptpDeadlines, routingEntries, deadEntries, heartbeats, finalBuckets, finalRoutes,
    valueLookups,
  ]

  static let kptpPeers = View(
    name: "kptp_peers",
    summary: "A peer and its ID.",
    columns: [
      ("run", "the run"),
      ("node", "the peer"),
      ("address", "where it listened, of which the ID is the hash"),
      ("id", "four hexadecimal digits"),
      ("number", "the same as a number from 0 to 65,535"),
    ],
    body: """
      SELECT e.run, e.node, n.address, e.data ->> 'id' AS id, e.data ->> 'number' AS number
      FROM events e JOIN nodes n ON n.run = e.run AND n.node = e.node
      WHERE e.kind = 'identity.derived'
      GROUP BY e.run, e.node
      """)

  static let kptpDeadlines = View(
    name: "kptp_deadlines",
    summary: """
      What a kPTP peer's options imply about the time that it takes, in microseconds. With m \
      misses, heartbeat interval i and timeout a:
      """,
    columns: [
      ("run", "the run"),
      ("node", "the peer"),
      ("patience", "(m - 1) i: a frozen peer cannot be removed sooner"),
      ("leave_within", "m (i + a) + 1 s: from a peer's death to its removal"),
      ("route_within", "m (i + a) + 4 i + 1 s: until there is a way around the dead"),
      (
        "settle_within",
        "m (i + a) + 8 i + 1 s: until the places of the dead are taken by the closest of the living"
      ),
      (
        "heal_within",
        "m (i + a) + 40 i + 1 s: the same after a separation, when each round only one of 8 peers "
          + "asks a bootstrap address"
      ),
    ],
    body: """
      SELECT run, node, patience, leave_within, leave_within + 4 * interval AS route_within,
        leave_within + 8 * interval AS settle_within,
        leave_within + 40 * interval AS heal_within
      FROM (
        SELECT run, node, interval, timeout, (misses - 1) * interval AS patience,
          misses * (interval + timeout) + 1000000 AS leave_within
        FROM (
          SELECT run, node, options ->> 'heartbeat-interval' AS interval,
            options ->> 'heartbeat-timeout' AS timeout, options ->> 'heartbeat-misses' AS misses
          FROM nodes WHERE role = 'kptp-peer'
        )
      )
      """)

  static let routingEntries = View(
    name: "routing_entries",
    summary: "A time in which a peer stood in another's routing table.",
    columns: [
      ("run", "the run"),
      ("node", "whose table"),
      ("peer_node", "who stood in it; NULL: no node of this run"),
      ("peer", "that peer's address"),
      ("id", "that peer's ID"),
      ("prefix", "the bucket: leading bits that both IDs share"),
      ("since_t", "when it entered"),
      ("since_s", "seconds from the run's beginning to `since_t`"),
      (
        "until_t",
        "when it left, by the owner's end at the latest; NULL: it stood there to the last"
      ),
      ("until_s", "seconds from the run's beginning to `until_t`"),
      (
        "reason",
        "why it left: `silent` or `forgotten`, in the words of `entry.removed`; `closer` or "
          + "`newer`: so was another; `died`: the owner's own end; NULL: it stood there to the last"
      ),
    ],
    body: """
      WITH
      \(marksAndEnds(of: "'entry.added', 'entry.replaced', 'entry.removed'")),
      -- A peer enters and leaves a table in turn: each coming is followed by its going.
      steps AS (
        SELECT run, node, life, n, t, 1 AS comes, peer, data ->> 'id' AS id,
          data ->> 'prefix' AS prefix, NULL AS reason
        FROM marks WHERE kind IN ('entry.added', 'entry.replaced')
        UNION ALL
        SELECT run, node, life, n, t, 0, peer, NULL, NULL, data ->> 'reason'
        FROM marks WHERE kind = 'entry.removed'
        UNION ALL
        SELECT run, node, life, n, t, 0, data ->> 'over', NULL, NULL, data ->> 'reason'
        FROM marks WHERE kind = 'entry.replaced'
      ),
      stays AS (
        SELECT *, lead(t) OVER stay AS left_t, lead(reason) OVER stay AS left_reason
        FROM steps
        WINDOW stay AS (PARTITION BY run, node, life, peer ORDER BY n)
      ),
      rows AS MATERIALIZED (
        SELECT s.run, s.node, p.node AS peer_node, s.peer, s.id, s.prefix, s.t AS since_t,
          coalesce(s.left_t, e.t) AS until_t,
          coalesce(s.left_reason, iif(s.left_t IS NULL AND e.t IS NOT NULL, 'died', NULL)) AS reason
        FROM stays s
          LEFT JOIN ended e ON e.run = s.run AND e.node = s.node AND e.life = s.life
          LEFT JOIN nodes p ON p.run = s.run AND p.address = s.peer
        WHERE s.comes
      )
      SELECT s.run, s.node, s.peer_node, s.peer, s.id, s.prefix,
        s.since_t, (s.since_t - r.began_t) / 1e6 AS since_s,
        s.until_t, (s.until_t - r.began_t) / 1e6 AS until_s, s.reason
      FROM rows s JOIN runs r ON r.run = s.run
      """)

  static let deadEntries = View(
    name: "dead_entries",
    summary:
      "A peer that died while it stood in the table of one that lived on, or entered it dead.",
    columns: [
      ("run", "the run"),
      ("dead", "who died, or was frozen"),
      ("cause", "`killed`, `stopped`, `crashed` or `frozen`"),
      ("death_t", "when"),
      ("death_s", "seconds from the run's beginning to `death_t`"),
      ("node", "whose table"),
      ("since_t", "when the dead one entered it"),
      ("since_s", "seconds from the run's beginning to `since_t`"),
      ("due_t", "when it must have left: `kptp_deadlines.leave_within` after the death"),
      ("due_s", "seconds from the run's beginning to `due_t`"),
      ("until_t", "when it left; NULL: never"),
      ("until_s", "seconds from the run's beginning to `until_t`"),
      ("entered_dead", "1: it entered more than a second after it was gone"),
      (
        "judged",
        "1: it was dead, and the owner there, from the death to the deadline, which passed before "
          + "the run was stopped; or it entered dead"
      ),
    ],
    body: """
      WITH
      -- How far two nodes' clocks may differ: who enters shortly before it is back is back.
      skews AS MATERIALIZED (SELECT run, most AS skew FROM clock_skews),
      gone AS MATERIALIZED (
        SELECT run, node, cause, t, gone_t, coalesce(back_t, 9e18) AS back_t FROM deaths
      ),
      rows AS MATERIALIZED (
        SELECT e.run, g.node AS dead, g.cause, g.t AS death_t, e.node, e.since_t, e.until_t,
          g.t + k.leave_within AS due_t, e.since_t > g.gone_t + 1000000 + s.skew AS entered_dead,
          g.back_t
        FROM gone g
          JOIN skews s ON s.run = g.run
          JOIN routing_entries e
            ON e.run = g.run AND e.peer_node = g.node AND e.since_t < g.back_t - s.skew
              AND coalesce(e.until_t, 9e18) > g.t
          JOIN kptp_deadlines k ON k.run = e.run AND k.node = e.node
      )
      SELECT w.run, w.dead, w.cause, w.death_t, (w.death_t - r.began_t) / 1e6 AS death_s, w.node,
        w.since_t, (w.since_t - r.began_t) / 1e6 AS since_s,
        w.due_t, (w.due_t - r.began_t) / 1e6 AS due_s,
        w.until_t, (w.until_t - r.began_t) / 1e6 AS until_s, w.entered_dead,
        coalesce(w.entered_dead OR w.due_t <= r.stopping_t AND w.back_t > w.due_t
          AND NOT EXISTS (
            SELECT 1 FROM gone o
            WHERE o.run = w.run AND o.node = w.node AND o.t < w.due_t AND o.back_t > w.death_t),
          0) AS judged
      FROM rows w JOIN runs r ON r.run = w.run
      """)

  static let heartbeats = View(
    name: "heartbeats",
    summary: "A heartbeat from one peer to another in its table.",
    columns: [
      ("run", "the run"),
      ("node", "who sent it"),
      ("peer_node", "to whom; NULL: no node of this run"),
      ("peer", "that peer's address"),
      ("sent_t", "when it was sent"),
      ("sent_s", "seconds from the run's beginning to `sent_t`"),
      ("outcome", "`answered` or `missed`; NULL: neither was logged"),
      ("delay", "seconds until it was answered or missed"),
      ("misses", "how many had been missed in a row; NULL: it was not missed"),
      ("reason", "why it was missed; NULL: it was not"),
    ],
    body: """
      WITH
      steps AS MATERIALIZED (
        SELECT run, node, n, t, kind, peer, data,
          lead(kind) OVER peer AS next_kind, lead(t) OVER peer AS next_t,
          lead(data) OVER peer AS next_data
        FROM events
        WHERE kind IN ('heartbeat.sent', 'heartbeat.answered', 'heartbeat.missed')
        WINDOW peer AS (PARTITION BY run, node, peer ORDER BY n)
      )
      SELECT s.run, s.node, p.node AS peer_node, s.peer, s.t AS sent_t,
        (s.t - r.began_t) / 1e6 AS sent_s,
        CASE s.next_kind
          WHEN 'heartbeat.answered' THEN 'answered' WHEN 'heartbeat.missed' THEN 'missed'
        END AS outcome,
        iif(s.next_kind <> 'heartbeat.sent', (s.next_t - s.t) / 1e6, NULL) AS delay,
        iif(s.next_kind = 'heartbeat.missed', s.next_data ->> 'misses', NULL) AS misses,
        iif(s.next_kind = 'heartbeat.missed', s.next_data ->> 'reason', NULL) AS reason
      FROM steps s JOIN runs r ON r.run = s.run
        LEFT JOIN nodes p ON p.run = s.run AND p.address = s.peer
      WHERE s.kind = 'heartbeat.sent'
      """)
}
