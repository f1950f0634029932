extension View {
  static let kademliaJoins = View(
    name: "kademlia_joins",
    summary: "A time in which a node of a Kademlia network was there and had not joined yet.",
    columns: [
      ("run", "the run"),
      ("node", "the node"),
      ("from_t", "when it was ready"),
      ("from_s", "seconds from the run's beginning to `from_t`"),
      ("until_t", "when it had looked up its own ID, or had ended; NULL: never"),
      ("until_s", "seconds from the run's beginning to `until_t`"),
    ],
    body: """
      WITH
      \(marksAndEnds(of: "'dht.joined'")),
      lives AS (
        SELECT run, node, life, min(t) FILTER (WHERE kind = 'node.ready') AS from_t,
          min(t) FILTER (WHERE kind = 'dht.joined') AS joined_t
        FROM marks GROUP BY run, node, life
      )
      SELECT l.run, l.node, l.from_t, (l.from_t - r.began_t) / 1e6 AS from_s,
        coalesce(l.joined_t, e.t) AS until_t, (coalesce(l.joined_t, e.t) - r.began_t) / 1e6 AS until_s
      FROM lives l JOIN runs r ON r.run = l.run
        JOIN nodes n ON n.run = l.run AND n.node = l.node AND n.role = 'kademlia-node'
        LEFT JOIN ended e ON e.run = l.run AND e.node = l.node AND e.life = l.life
      """)

  static let kademliaDeadlines = View(
    name: "kademlia_deadlines",
    summary: """
      What the options of a node of a Kademlia network imply about the time that it takes, in \
      microseconds. With ping interval p, refresh interval f, republish interval r, rpc timeout a, \
      join retry j and m failures:
      """,
    columns: [
      ("run", "the run"),
      ("node", "the node"),
      ("k", "its option of that name"),
      ("value_lifetime", "its option of that name"),
      ("gone_within", "1.25 p + m a + 1 s: until a dead contact has left the routing table"),
      (
        "kept_within",
        "`gone_within` + 2 r: until the values that a dead node held are stored at others again"
      ),
      (
        "heal_within",
        "`kept_within` + 1.25 f + 2 j: until all is well again after a disturbance of the network"
      ),
    ],
    body: """
      SELECT run, node, k, value_lifetime, gone_within, gone_within + 2 * republish AS kept_within,
        gone_within + 2 * republish + refresh * 5 / 4 + 2 * join_retry AS heal_within
      FROM (
        SELECT run, node, options ->> 'k' AS k, options ->> 'value-lifetime' AS value_lifetime,
          (options ->> 'ping-interval') * 5 / 4
            + (options ->> 'max-failures') * (options ->> 'rpc-timeout') + 1000000 AS gone_within,
          options ->> 'republish-interval' AS republish,
          options ->> 'refresh-interval' AS refresh, options ->> 'join-retry' AS join_retry
        FROM nodes
        WHERE role = 'kademlia-node'
      )
      """)

  static let kademliaUnrest = View(
    name: "kademlia_unrest",
    summary: """
      A time in which a fault on a Kademlia network, or what it left behind, may keep nodes apart.
      """,
    columns: [
      ("run", "the run"),
      ("from_t", "when the fault began, by the clock that is furthest behind"),
      ("from_s", "seconds from the run's beginning to `from_t`"),
      (
        "until_t",
        "the longest `kademlia_deadlines.heal_within` after it ended; NULL: it never did"
      ),
      ("until_s", "seconds from the run's beginning to `until_t`"),
    ],
    body: """
      SELECT f.run, f.applied_t - k.of_one AS from_t,
        (f.applied_t - k.of_one - r.began_t) / 1e6 AS from_s,
        f.healed_t + h.within AS until_t,
        (f.healed_t + h.within - r.began_t) / 1e6 AS until_s
      FROM faults f JOIN runs r ON r.run = f.run JOIN clock_skews k ON k.run = f.run
        JOIN (SELECT run, max(heal_within) AS within FROM kademlia_deadlines GROUP BY run) h
          ON h.run = f.run
      WHERE f.applied_t IS NOT NULL AND f.action IN ('partition', 'loss', 'latency', 'bandwidth')
      """)

  static let routingDuties = View(
    name: "routing_duties",
    summary: """
      A contact in a routing table that must leave it: its node died, or was frozen for longer than \
      the owner bears. The owner was there all the time. Who comes back in time with the same ID may \
      stay; the contact of a node that comes back with another ID must leave.
      """,
    columns: [
      ("run", "the run"),
      ("node", "whose table"),
      ("dead", "the contact's name"),
      ("cause", "of the death, as in `deaths`"),
      ("death_t", "when it began to go"),
      ("death_s", "seconds from the run's beginning to `death_t`"),
      (
        "deadline_t",
        "when it must have left: `kademlia_deadlines.gone_within` after it was gone, or was added"
      ),
      ("deadline_s", "seconds from the run's beginning to `deadline_t`"),
      ("left_t", "when it left; NULL: never"),
      ("left_s", "seconds from the run's beginning to `left_t`"),
      ("fulfilled", "1: it left in time"),
      ("judged", "1: it left in time, or the deadline passed before the run was stopped"),
    ],
    body: """
      WITH
      absent AS MATERIALIZED (
        SELECT run, node, cause, t, s, gone_t, coalesce(back_t, 9e18) AS back_t FROM deaths
      ),
      contacts AS MATERIALIZED (
        SELECT run, node, peer_node, id, added_t, left_t, left_s, reason FROM routing_contacts
        WHERE peer_node IS NOT NULL
      ),
      identities AS MATERIALIZED (
        SELECT run, node, t, data ->> 'id' AS id FROM events WHERE kind = 'dht.joined'
      ),
      duties AS (
        SELECT c.run, c.node, c.peer_node AS dead, c.id, d.cause, d.t AS death_t, d.s AS death_s,
          d.back_t, max(d.gone_t, c.added_t) + l.gone_within AS deadline_t,
          iif(c.reason = 'died', NULL, c.left_t) AS left_t,
          iif(c.reason = 'died', NULL, c.left_s) AS left_s
        FROM absent d
          JOIN contacts c ON c.run = d.run AND c.peer_node = d.node AND c.added_t < d.back_t
            AND coalesce(c.left_t, 9e18) > d.t
          JOIN kademlia_deadlines l ON l.run = c.run AND l.node = c.node
      )
      SELECT u.run, u.node, u.dead, u.cause, u.death_t, u.death_s,
        u.deadline_t, (u.deadline_t - r.began_t) / 1e6 AS deadline_s, u.left_t, u.left_s,
        coalesce(u.left_t <= u.deadline_t, 0) AS fulfilled,
        coalesce(u.left_t <= u.deadline_t, 0) OR coalesce(u.deadline_t < r.stopping_t, 0) AS judged
      FROM duties u JOIN runs r ON r.run = u.run
      WHERE (u.back_t > u.deadline_t OR u.cause <> 'frozen' AND NOT EXISTS (
          SELECT 1 FROM identities i
          WHERE i.run = u.run AND i.node = u.dead AND i.t >= u.back_t AND i.id = u.id))
        AND NOT EXISTS (
          SELECT 1 FROM absent x
          WHERE x.run = u.run AND x.node = u.node AND x.t <= u.deadline_t AND x.back_t > u.death_t)
      """)

  /// Nodes that were there when the run was stopped, and since when.
  private static let present = """
    present AS MATERIALIZED (
      SELECT l.run, l.node, l.k, l.value_lifetime, l.kept_within, l.heal_within, r.began_t,
        r.stopping_t, (SELECT max(e.t) FROM events e
          WHERE e.run = l.run AND e.node = l.node AND e.kind = 'node.ready') AS ready_t
      FROM kademlia_deadlines l JOIN runs r ON r.run = l.run
      WHERE r.stopping_t IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM deaths d
        WHERE d.run = l.run AND d.node = l.node AND d.t <= r.stopping_t
          AND (d.back_t IS NULL OR d.back_t > r.stopping_t))
    )
    """

  static let keptValues = View(
    name: "kept_values",
    summary: """
      A value that was set, and what was left of it when the run was stopped. None where a node died \
      or started, or the network was disturbed, so late that it could not be stored again.
      """,
    columns: [
      ("run", "the run"),
      ("key", "40 hexadecimal digits"),
      ("put_t", "when it was last set"),
      ("put_s", "seconds from the run's beginning to `put_t`"),
      ("holders", "nodes that were there and held a copy"),
      ("wanted", "how many of them there should be: k, or all where there are fewer"),
    ],
    body: """
      WITH
      \(present),
      settled AS MATERIALIZED (
        SELECT p.run, p.began_t, p.stopping_t, min(p.value_lifetime) AS lifetime,
          max(p.kept_within) AS kept_within, min(max(p.k), count(*)) AS wanted
        FROM present p
        WHERE NOT EXISTS (
          SELECT 1 FROM kademlia_unrest u
          WHERE u.run = p.run AND coalesce(u.until_t, 9e18) > p.stopping_t)
        GROUP BY p.run
      ),
      restless AS (
        SELECT s.run FROM settled s WHERE EXISTS (
          SELECT 1 FROM deaths d
          WHERE d.run = s.run AND d.t <= s.stopping_t
            AND coalesce(d.back_t, d.gone_t) + s.kept_within > s.stopping_t)
          OR EXISTS (
            SELECT 1 FROM present p
            WHERE p.run = s.run AND p.ready_t + s.kept_within > s.stopping_t)
      ),
      puts AS MATERIALIZED (
        SELECT run, data ->> 'key' AS key, max(t) AS put_t
        FROM events WHERE kind = 'dht.put' GROUP BY run, key
      )
      SELECT s.run, v.key, v.put_t, (v.put_t - s.began_t) / 1e6 AS put_s,
        (SELECT count(DISTINCT c.node) FROM stored_values c JOIN present p
            ON p.run = c.run AND p.node = c.node
          WHERE c.run = s.run AND c.key = v.key AND c.stored_t <= s.stopping_t
            AND coalesce(c.gone_t, 9e18) > s.stopping_t) AS holders,
        s.wanted
      FROM settled s JOIN puts v ON v.run = s.run
      WHERE s.run NOT IN (SELECT run FROM restless)
        AND v.put_t + s.kept_within <= s.stopping_t AND v.put_t + s.lifetime > s.stopping_t
      """)

  static let routingGraph = View(
    name: "routing_graph",
    summary: """
      A node of a Kademlia network that was there when the run was stopped, and whether its contacts \
      join it with the others.
      """,
    columns: [
      ("run", "the run"),
      ("node", "the node"),
      ("contacts", "its contacts that were there too"),
      ("start", "the node with the most contacts, which is where the search begins"),
      ("connected", "1: a chain of contacts, in either direction, leads to it from there"),
      (
        "settled",
        "1: it had time to join before the run was stopped, and no disturbance was in its way"
      ),
    ],
    body: """
      WITH RECURSIVE
      \(present),
      edges AS MATERIALIZED (
        SELECT DISTINCT c.run, c.node, c.peer_node
        FROM routing_contacts c
          JOIN present p ON p.run = c.run AND p.node = c.node
          JOIN present q ON q.run = c.run AND q.node = c.peer_node
        WHERE c.added_t <= p.stopping_t AND coalesce(c.left_t, 9e18) > p.stopping_t
      ),
      ways AS MATERIALIZED (
        SELECT run, node, peer_node FROM edges UNION SELECT run, peer_node, node FROM edges
      ),
      degrees AS MATERIALIZED (
        SELECT p.run, p.node, p.ready_t, p.stopping_t, p.heal_within, count(e.node) AS contacts
        FROM present p LEFT JOIN edges e ON e.run = p.run AND e.node = p.node
        GROUP BY p.run, p.node
      ),
      starts AS MATERIALIZED (
        SELECT run, node FROM (
          SELECT run, node,
            row_number() OVER (PARTITION BY run ORDER BY contacts DESC, node) AS place
          FROM degrees)
        WHERE place = 1
      ),
      reached (run, node) AS (
        SELECT run, node FROM starts
        UNION
        SELECT w.run, w.peer_node FROM reached x JOIN ways w ON w.run = x.run AND w.node = x.node
      )
      SELECT g.run, g.node, g.contacts, s.node AS start,
        EXISTS (SELECT 1 FROM reached x WHERE x.run = g.run AND x.node = g.node) AS connected,
        g.ready_t + g.heal_within <= g.stopping_t AND NOT EXISTS (
          SELECT 1 FROM kademlia_unrest u
          WHERE u.run = g.run AND coalesce(u.until_t, 9e18) > g.stopping_t) AS settled
      FROM degrees g JOIN starts s ON s.run = g.run
      """)
}
