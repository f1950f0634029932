extension View {
  /// What the checks of the HyperDHT network, and people, ask about.
  static let hyperdht = [
    hyperdhtNodes, announcements, announcementCopies, peerQueries, foundPeers, holepunches,
  ]

  private static let life = ("life", "which life of the node, from 1")

  static let hyperdhtNodes = View(
    name: "hyperdht_nodes",
    summary: "A life of a node of a HyperDHT network that others may keep in their tables.",
    columns: [
      ("run", "the run"), ("node", "the node"), life,
      ("place", "the first 62 bits of its ID as a number"),
      ("started_t", "when it chose its ID"),
      ("started_s", "seconds from the run's beginning to `started_t`"),
      ("gone_t", "when that life ended; NULL: it did not before the run's end"),
      ("gone_s", "seconds from the run's beginning to `gone_t`"),
    ],
    body: """
      WITH
      \(marksAndEnds(of: "'hyperdht.started'"))
      SELECT m.run, m.node, m.life, m.data ->> 'place' AS place,
        m.t AS started_t, (m.t - r.began_t) / 1e6 AS started_s,
        e.t AS gone_t, (e.t - r.began_t) / 1e6 AS gone_s
      FROM marks m JOIN runs r ON r.run = m.run
        JOIN nodes o ON o.run = m.run AND o.node = m.node AND NOT o.options ->> 'ephemeral'
        LEFT JOIN ended e ON e.run = m.run AND e.node = m.node AND e.life = m.life
      WHERE m.kind = 'hyperdht.started'
      """)

  static let announcements = View(
    name: "announcements",
    summary: "A key that a node of a HyperDHT network announced, in one of its lives.",
    columns: [
      ("run", "the run"), ("node", "who announced it"), life,
      ("key", "64 hexadecimal digits"),
      ("asked_t", "when it first began to announce it"),
      ("announced_t", "when nodes had first taken the announcement; NULL: never"),
      ("announced_s", "seconds from the run's beginning to `announced_t`"),
      ("withdrawn_t", "when it began to take it back; NULL: never"),
      ("withdrawn_s", "seconds from the run's beginning to `withdrawn_t`"),
      ("taken_back_t", "when nodes had taken that; NULL: never"),
      ("gone_t", "when that life of the node ended; NULL: it did not before the run's end"),
      ("gone_s", "seconds from the run's beginning to `gone_t`"),
    ],
    body: """
      WITH
      \(marksAndEnds(of: "'query.started', 'query.finished'")),
      steps AS MATERIALIZED (
        SELECT run, node, life, t, data ->> 'key' AS key,
          kind = 'query.started' AND data ->> 'purpose' = 'announce' AS is_asked,
          kind = 'query.finished' AND data ->> 'purpose' = 'announce'
            AND data ->> 'updated' > 0 AS is_announced,
          kind = 'query.started' AND data ->> 'purpose' = 'unannounce' AS is_withdrawn,
          kind = 'query.finished' AND data ->> 'purpose' = 'unannounce'
            AND data ->> 'updated' > 0 AS is_taken_back
        FROM marks WHERE kind <> 'node.ready' AND data ->> 'purpose' <> 'lookup'
      ),
      told AS (
        SELECT run, node, life, key, min(t) FILTER (WHERE is_asked) AS asked_t,
          min(t) FILTER (WHERE is_announced) AS announced_t,
          min(t) FILTER (WHERE is_withdrawn) AS withdrawn_t,
          min(t) FILTER (WHERE is_taken_back) AS taken_back_t
        FROM steps GROUP BY run, node, life, key
      )
      SELECT a.run, a.node, a.life, a.key, a.asked_t,
        a.announced_t, (a.announced_t - r.began_t) / 1e6 AS announced_s,
        a.withdrawn_t, (a.withdrawn_t - r.began_t) / 1e6 AS withdrawn_s, a.taken_back_t,
        e.t AS gone_t, (e.t - r.began_t) / 1e6 AS gone_s
      FROM told a JOIN runs r ON r.run = a.run
        LEFT JOIN ended e ON e.run = a.run AND e.node = a.node AND e.life = a.life
      """)

  static let announcementCopies = View(
    name: "announcement_copies",
    summary: "A node of a HyperDHT network took an announcement, or dropped it.",
    columns: [
      ("run", "the run"), ("node", "the keeper"),
      ("key", "64 hexadecimal digits"),
      ("peer", "the announced address"),
      ("sender", "the address that sent the announcement"),
      ("sender_node", "whose that is; NULL: no node of this run"),
      ("what", "`stored`, `unannounced` or `expired`"),
      ("t", "when"),
      ("s", "seconds from the run's beginning to `t`"),
    ],
    body: """
      SELECT e.run, e.node, e.data ->> 'key' AS key, e.peer, e.data ->> 'sender' AS sender,
        n.node AS sender_node,
        iif(e.kind = 'announcement.stored', 'stored', e.data ->> 'reason') AS what,
        e.t, (e.t - r.began_t) / 1e6 AS s
      FROM events e JOIN runs r ON r.run = e.run
        LEFT JOIN node_addresses n ON n.run = e.run AND n.address = e.data ->> 'sender'
      WHERE e.kind IN ('announcement.stored', 'announcement.removed')
      """)

  static let peerQueries = View(
    name: "peer_queries",
    summary: "A query of a node of a HyperDHT network that came to its end.",
    columns: [
      ("run", "the run"), ("node", "who asked"), life,
      ("query", "its number in that life"),
      ("purpose", "`lookup`, `announce` or `unannounce`"),
      ("key", "64 hexadecimal digits"),
      ("place", "the first 62 bits of the key as a number"),
      ("closest", "the same of the closest node that answered; -1: nobody did"),
      ("started_t", "when it began"),
      ("started_s", "seconds from the run's beginning to `started_t`"),
      ("finished_t", "when it ended"),
      ("finished_s", "seconds from the run's beginning to `finished_t`"),
      ("steps", "the longest chain of nodes that answered, each named by the one before"),
      ("asked", "nodes that were asked"),
      ("answered", "how many of them answered"),
      ("missed", "how many of them are closer than the closest that answered"),
      ("updated", "nodes that took an announcement, or its withdrawal"),
      ("peers", "peers that were found"),
      ("took", "seconds from start to end"),
    ],
    body: """
      WITH
      \(marksAndEnds(of: "'query.started', 'query.finished'")),
      -- Not the end less `took`: that is measured by the node's clock, which stands still while it
      -- handles one thing.
      begun AS MATERIALIZED (
        SELECT run, node, life, data ->> 'query' AS query, t FROM marks WHERE kind = 'query.started'
      )
      SELECT m.run, m.node, m.life, m.data ->> 'query' AS query, m.data ->> 'purpose' AS purpose,
        m.data ->> 'key' AS key, m.data ->> 'place' AS place, m.data ->> 'closest' AS closest,
        b.t AS started_t, (b.t - r.began_t) / 1e6 AS started_s,
        m.t AS finished_t, (m.t - r.began_t) / 1e6 AS finished_s,
        m.data ->> 'steps' AS steps, m.data ->> 'asked' AS asked,
        m.data ->> 'answered' AS answered, m.data ->> 'missed' AS missed,
        m.data ->> 'updated' AS updated, m.data ->> 'peers' AS peers, (m.data ->> 'took') / 1e6 AS took
      FROM marks m JOIN runs r ON r.run = m.run
        JOIN begun b ON b.run = m.run AND b.node = m.node AND b.life = m.life
          AND b.query = m.data ->> 'query'
      WHERE m.kind = 'query.finished'
      """)

  static let foundPeers = View(
    name: "found_peers",
    summary: "A lookup of a node of a HyperDHT network found a peer.",
    columns: [
      ("run", "the run"), ("node", "who looked"), life,
      ("query", "the lookup's number in that life"),
      ("key", "64 hexadecimal digits"),
      ("peer", "the peer's address"),
      ("peer_node", "its name; NULL: no node of this run"),
      ("found_t", "when"),
      ("found_s", "seconds from the run's beginning to `found_t`"),
    ],
    body: """
      WITH
      \(marksAndEnds(of: "'peer.found'"))
      SELECT m.run, m.node, m.life, m.data ->> 'query' AS query, m.data ->> 'key' AS key, m.peer,
        n.node AS peer_node, m.t AS found_t, (m.t - r.began_t) / 1e6 AS found_s
      FROM marks m JOIN runs r ON r.run = m.run
        LEFT JOIN node_addresses n ON n.run = m.run AND n.address = m.peer
      WHERE m.kind = 'peer.found'
      """)

  static let holepunches = View(
    name: "holepunches",
    summary: "A node of a HyperDHT network began to open a way to a peer, through NATs if need be.",
    columns: [
      ("run", "the run"), ("node", "who began"), life,
      ("punch", "its number in that life"),
      ("peer", "the peer's address, as it was announced"),
      ("peer_node", "its name; NULL: no node of this run"),
      ("referrer", "who passed a ping on to the peer"),
      ("started_t", "when it began"),
      ("started_s", "seconds from the run's beginning to `started_t`"),
      ("outcome", "`open`, `failed`, or NULL: it had not ended at the end of that life"),
      ("took", "seconds from its beginning to that"),
      ("opened_t", "when a datagram had come from the peer directly; NULL: never"),
      ("opened_at", "the address that the peer answered from"),
      (
        "asked_t",
        "when the peer answered a ping of the node's that was passed on, by its own log, which tells "
          + "it once a minute; NULL: never"
      ),
      ("heard_t", "when, after such a ping, it first heard the node directly, by its own log"),
      ("sent", "datagrams sent over the open way; NULL: they had not all been"),
      ("answered", "how many of them the peer answered"),
      ("finished_t", "when all had been answered or given up"),
    ],
    body: """
      WITH
      \(marksAndEnds(
        of: "'holepunch.started', 'holepunch.opened', 'holepunch.failed', 'holepunch.finished', "
          + "'holepunch.asked', 'holepunch.heard'")),
      told AS MATERIALIZED (
        SELECT m.run, m.node, m.kind, m.t, a.node AS asker
        FROM marks m JOIN node_addresses a ON a.run = m.run AND a.address = m.peer
        WHERE m.kind IN ('holepunch.asked', 'holepunch.heard')
      ),
      ends AS MATERIALIZED (
        SELECT run, node, life, data ->> 'punch' AS punch,
          max(t) FILTER (WHERE kind = 'holepunch.opened') AS opened_t,
          max(peer) FILTER (WHERE kind = 'holepunch.opened') AS opened_at,
          max(t) FILTER (WHERE kind = 'holepunch.failed') AS failed_t,
          max((data ->> 'took') / 1e6) AS took, max(data ->> 'sent') AS sent,
          max(data ->> 'answered') AS answered,
          max(t) FILTER (WHERE kind = 'holepunch.finished') AS finished_t
        FROM marks
        WHERE kind IN ('holepunch.opened', 'holepunch.failed', 'holepunch.finished')
        GROUP BY run, node, life, punch
      )
      SELECT m.run, m.node, m.life, m.data ->> 'punch' AS punch, m.peer, a.node AS peer_node,
        m.data ->> 'referrer' AS referrer,
        m.t AS started_t, (m.t - r.began_t) / 1e6 AS started_s,
        iif(e.opened_t IS NULL, iif(e.failed_t IS NULL, NULL, 'failed'), 'open') AS outcome, e.took,
        e.opened_t, e.opened_at,
        (SELECT min(t) FROM told o
          WHERE o.run = m.run AND o.node = a.node AND o.asker = m.node
            AND o.kind = 'holepunch.asked' AND o.t >= m.t - 60000000) AS asked_t,
        (SELECT min(t) FROM told o
          WHERE o.run = m.run AND o.node = a.node AND o.asker = m.node
            AND o.kind = 'holepunch.heard' AND o.t >= m.t - 60000000) AS heard_t,
        e.sent, e.answered, e.finished_t
      FROM marks m JOIN runs r ON r.run = m.run
        LEFT JOIN node_addresses a ON a.run = m.run AND a.address = m.peer
        LEFT JOIN ends e ON e.run = m.run AND e.node = m.node AND e.life = m.life
          AND e.punch = m.data ->> 'punch'
      WHERE m.kind = 'holepunch.started'
      """)
}
