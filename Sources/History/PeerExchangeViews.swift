extension View {
  /// What the checks of the peer exchange, and people, ask about.
  static let peerExchange = [
    peerExchangeDeadlines, pieces, exchanges, knownPeers, neighbours, pieceDuties, acquaintances,
  ]

  /// A table expression: whose addresses are whose. A node may have two, and originals name the second.
  private static let addresses =
    "addresses AS MATERIALIZED (SELECT run, node, address FROM node_addresses)"

  static let peerExchangeDeadlines = View(
    name: "pex_deadlines",
    summary: """
      What the options of a peer of the exchange, and how many others there are, imply about the \
      time that it takes, in microseconds. NULL of a program that plays a peer: how quick it is, \
      nobody says. With ask timeout t, n other nodes, w wanted pieces and s asks in flight:
      """,
    columns: [
      ("run", "the run"),
      ("node", "the peer"),
      (
        "learn_within",
        "two exchange intervals, a dial timeout and a second: until it has heard of everybody, and "
          + "dialled them"
      ),
      (
        "get_within",
        "ask-again + (n + w / s + 2) t + 1 s: until it has asked for a piece where that is"
      ),
    ],
    body: """
      SELECT n.run, n.node,
        2 * (n.options ->> 'exchange-interval') + (n.options ->> 'dial-timeout') + 1000000
          AS learn_within,
        (n.options ->> 'ask-again') + 1000000 + (n.options ->> 'ask-timeout')
          * (s.nodes + 1 + (n.options ->> 'want') / (n.options ->> 'asks-in-flight'))
          AS get_within
      FROM nodes n
        JOIN (SELECT run, count(*) AS nodes FROM nodes GROUP BY run) s ON s.run = n.run
      WHERE n.role = 'pex-peer'
      """)

  static let pieces = View(
    name: "pieces",
    summary: "A piece that a node had or wanted in one of its lives.",
    columns: [
      ("run", "the run"),
      ("node", "the node"),
      ("life", "which of its lives, from 1"),
      ("hash", "the piece's SHA-256"),
      ("wanted_t", "when it began to be wanted; NULL: it was at hand"),
      ("wanted_s", "seconds from the run's beginning to `wanted_t`"),
      ("held_t", "since when it was there; NULL: it never came"),
      ("held_s", "seconds from the run's beginning to `held_t`"),
      ("until_t", "when that life ended; NULL: not before the run did"),
      ("until_s", "seconds from the run's beginning to `until_t`"),
      ("giver", "who gave it; NULL: it was at hand, or never came, or nobody knows"),
      ("content", "the SHA-256 of what was taken; NULL: it was at hand, or never came"),
    ],
    body: """
      WITH
      \(marksAndEnds(of: "'piece.held', 'piece.wanted', 'piece.received'")),
      told AS MATERIALIZED (
        SELECT run, node, life, data ->> 'hash' AS hash,
          min(t) FILTER (WHERE kind = 'piece.wanted') AS wanted_t,
          min(t) FILTER (WHERE kind <> 'piece.wanted') AS held_t,
          min(peer) FILTER (WHERE kind = 'piece.received') AS giver,
          min(data ->> 'content') FILTER (WHERE kind = 'piece.received') AS content
        FROM marks WHERE kind <> 'node.ready'
        GROUP BY run, node, life, hash
      ),
      \(addresses)
      SELECT p.run, p.node, p.life, p.hash,
        p.wanted_t, (p.wanted_t - r.began_t) / 1e6 AS wanted_s,
        p.held_t, (p.held_t - r.began_t) / 1e6 AS held_s,
        e.t AS until_t, (e.t - r.began_t) / 1e6 AS until_s,
        coalesce(g.node, p.giver) AS giver, p.content
      FROM told p JOIN runs r ON r.run = p.run
        LEFT JOIN ended e ON e.run = p.run AND e.node = p.node AND e.life = p.life
        LEFT JOIN addresses g ON g.run = p.run AND g.address = p.giver
      """)

  static let exchanges = View(
    name: "exchanges",
    summary: "A piece that came to a node, whether or not it counted.",
    columns: [
      ("run", "the run"),
      ("node", "to whom it came"),
      ("giver", "who gave it; NULL: nobody knows"),
      ("hash", "the piece's SHA-256"),
      ("bytes", "how many came"),
      ("asked_t", "when it was asked for; NULL of one that did not count"),
      ("asked_s", "seconds from the run's beginning to `asked_t`"),
      ("came_t", "when it had come"),
      ("came_s", "seconds from the run's beginning to `came_t`"),
      ("verdict", "`taken`, or why not: `twice`, `unasked` or `wrong`"),
    ],
    body: """
      WITH \(addresses)
      SELECT e.run, e.node, coalesce(g.node, e.peer) AS giver, e.data ->> 'hash' AS hash,
        e.data ->> 'bytes' AS bytes, e.t - (e.data ->> 'waited') AS asked_t,
        (e.t - (e.data ->> 'waited') - r.began_t) / 1e6 AS asked_s,
        e.t AS came_t, (e.t - r.began_t) / 1e6 AS came_s,
        iif(e.kind = 'piece.received', 'taken', e.data ->> 'reason') AS verdict
      FROM events e JOIN runs r ON r.run = e.run
        LEFT JOIN addresses g ON g.run = e.run AND g.address = e.peer
      WHERE e.kind IN ('piece.received', 'piece.dropped')
      """)

  static let knownPeers = View(
    name: "known_peers",
    summary: "An address that a peer of the exchange knew, for as long as it did.",
    columns: [
      ("run", "the run"),
      ("node", "who knew it"),
      ("peer_node", "whose address it is; NULL: no node of this run"),
      ("peer", "the address"),
      (
        "source",
        "who told: a node, an address or `option`; NULL: somebody who dialled in, and nobody knows who"
      ),
      ("learned_t", "when it was heard of"),
      ("learned_s", "seconds from the run's beginning to `learned_t`"),
      ("forgotten_t", "when it was forgotten, by the end of that life at the latest; NULL: never"),
      ("forgotten_s", "seconds from the run's beginning to `forgotten_t`"),
    ],
    body: """
      WITH
      \(marksAndEnds(of: "'address.learned', 'address.forgotten', 'neighbour.linked'")),
      -- Who told may have been recognised only afterwards.
      tellers AS MATERIALIZED (
        SELECT run, node, life, data ->> 'connection' AS connection, peer
        FROM marks WHERE kind = 'neighbour.linked'
      ),
      told AS MATERIALIZED (
        SELECT m.*, coalesce(m.data ->> 'from', k.peer) AS source
        FROM marks m
          LEFT JOIN tellers k ON m.kind = 'address.learned' AND k.run = m.run AND k.node = m.node
            AND k.life = m.life AND k.connection = m.data ->> 'connection'
        WHERE m.kind IN ('address.learned', 'address.forgotten')
      ),
      spans AS MATERIALIZED (
        SELECT run, node, life, peer, kind, source, t AS learned_t,
          lead(t) OVER (PARTITION BY run, node, life, peer ORDER BY n) AS forgotten_t
        FROM told
      ),
      \(addresses)
      SELECT k.run, k.node, p.node AS peer_node, k.peer, coalesce(s.node, k.source) AS source,
        k.learned_t, (k.learned_t - r.began_t) / 1e6 AS learned_s,
        coalesce(k.forgotten_t, e.t) AS forgotten_t,
        (coalesce(k.forgotten_t, e.t) - r.began_t) / 1e6 AS forgotten_s
      FROM spans k JOIN runs r ON r.run = k.run
        LEFT JOIN ended e ON e.run = k.run AND e.node = k.node AND e.life = k.life
        LEFT JOIN addresses p ON p.run = k.run AND p.address = k.peer
        LEFT JOIN addresses s ON s.run = k.run AND s.address = k.source
      WHERE k.kind = 'address.learned'
      """)

  static let neighbours = View(
    name: "neighbours",
    summary: """
      A connection between two peers of the exchange as one of them, its owner, logged it, once it \
      knew who the other is. Two between a pair are usual: each dials the other. One from a program \
      that dialled in has no row: nobody knows whose it is.
      """,
    columns: [
      ("run", "the run"),
      ("node", "the owner"),
      ("peer_node", "the neighbour's name; NULL: no node of this run"),
      ("peer", "the neighbour's address"),
      ("direction", "`dialled` or `accepted` by the owner"),
      ("linked_t", "when it was there, and known who it is"),
      ("linked_s", "seconds from the run's beginning to `linked_t`"),
      ("lost_t", "when it was gone, by the owner's own end at the latest; NULL: it lasted"),
      ("lost_s", "seconds from the run's beginning to `lost_t`"),
      (
        "reason",
        "why, in the words of `neighbour.lost`; `died`: the owner's own end; NULL: it lasted"
      ),
    ],
    body: """
      WITH
      \(marksAndEnds(of: "'neighbour.linked', 'neighbour.lost'")),
      rows AS MATERIALIZED (
        SELECT a.run, a.node, a.peer, a.data ->> 'direction' AS direction, a.t AS linked_t,
          coalesce(b.t, e.t) AS lost_t,
          coalesce(b.data ->> 'reason', iif(e.t IS NULL, NULL, 'died')) AS reason
        FROM marks a
          LEFT JOIN ended e ON e.run = a.run AND e.node = a.node AND e.life = a.life
          LEFT JOIN marks b ON b.run = a.run AND b.node = a.node AND b.life = a.life
            AND b.kind = 'neighbour.lost' AND b.data ->> 'connection' = a.data ->> 'connection'
        WHERE a.kind = 'neighbour.linked'
      ),
      \(addresses)
      SELECT c.run, c.node, p.node AS peer_node, c.peer, c.direction,
        c.linked_t, (c.linked_t - r.began_t) / 1e6 AS linked_s,
        c.lost_t, (c.lost_t - r.began_t) / 1e6 AS lost_s, c.reason
      FROM rows c JOIN runs r ON r.run = c.run
        LEFT JOIN addresses p ON p.run = c.run AND p.address = c.peer
      """)
}
