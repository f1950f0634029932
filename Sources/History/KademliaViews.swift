extension View {
  /// What the checks of the Kademlia network, and people, ask about.
  static let kademlia = [
    lookups, kademliaJoins, storedValues, dhtLookups, routingContacts, kademliaDeadlines,
    kademliaUnrest, routingDuties, keptValues, routingGraph,
  ]

  /// Table expressions that number each node's lives and say when those ended that did before the run.
  static func marksAndEnds(of kinds: String) -> String {
    """
    marks AS MATERIALIZED (
      SELECT run, node, n, t, kind, peer, data,
        sum(kind = 'node.ready') OVER (PARTITION BY run, node ORDER BY n) AS life
      FROM events
      WHERE kind IN ('node.ready', \(kinds))
    ),
    -- A process that was never ready died in no life of the node's: the one before had ended.
    ended AS MATERIALIZED (
      SELECT run, node, life, min(t) AS t FROM deaths WHERE life IS NOT NULL GROUP BY run, node, life
    )
    """
  }

  static let lookups = View(
    name: "lookups",
    summary: "A search of a node for the nodes closest to a key, or for the key's value.",
    columns: [
      ("run", "the run"),
      ("node", "who looked"),
      ("purpose", "`join`, `refresh`, `set`, `get` or `republish`"),
      ("key", "what was looked up, 40 hexadecimal digits"),
      ("started_t", "when it began"),
      ("started_s", "seconds from the run's beginning to `started_t`"),
      ("finished_t", "when it ended; NULL: never"),
      ("finished_s", "seconds from the run's beginning to `finished_t`"),
      ("steps", "the longest chain of nodes that answered, each named by the one before"),
      ("contacted", "nodes that were asked"),
      ("answered", "how many of them answered"),
      ("found", "1: a value was found"),
      ("took", "seconds from start to end"),
    ],
    body: """
      WITH
      \(marksAndEnds(of: "'lookup.started', 'lookup.finished'")),
      paired AS (
        SELECT run, node, min(data ->> 'purpose') AS purpose, min(data ->> 'key') AS key,
          min(t) FILTER (WHERE kind = 'lookup.started') AS started_t,
          min(t) FILTER (WHERE kind = 'lookup.finished') AS finished_t,
          min(data ->> 'steps') AS steps, min(data ->> 'contacted') AS contacted,
          min(data ->> 'answered') AS answered, min(data ->> 'found') AS found,
          min(data ->> 'took') / 1e6 AS took
        FROM marks WHERE kind <> 'node.ready'
        GROUP BY run, node, life, data ->> 'lookup'
      )
      SELECT l.run, l.node, l.purpose, l.key,
        l.started_t, (l.started_t - r.began_t) / 1e6 AS started_s,
        l.finished_t, (l.finished_t - r.began_t) / 1e6 AS finished_s,
        l.steps, l.contacted, l.answered, l.found, l.took
      FROM paired l JOIN runs r ON r.run = l.run
      """)

  static let storedValues = View(
    name: "stored_values",
    summary: "A copy of a value that a node of a distributed hash table held.",
    columns: [
      ("run", "the run"),
      ("node", "the holder"),
      ("key", "40 hexadecimal digits"),
      ("value", "16 hexadecimal digits that stand for it, as in `dht.stored`"),
      ("sender", "who brought it; NULL: the node itself, or no node of this run"),
      ("stored_t", "when it was stored there"),
      ("stored_s", "seconds from the run's beginning to `stored_t`"),
      (
        "gone_t",
        "when it was dropped, replaced by another value, or lost with its holder; NULL: held to the "
          + "last"
      ),
      ("gone_s", "seconds from the run's beginning to `gone_t`"),
    ],
    body: """
      WITH
      \(marksAndEnds(of: "'dht.stored', 'dht.expired'")),
      copies AS MATERIALIZED (
        SELECT run, node, life, kind, peer, t, data ->> 'key' AS key, data ->> 'value' AS value,
          lead(t) OVER (PARTITION BY run, node, life, data ->> 'key' ORDER BY n) AS next_t
        FROM marks WHERE kind <> 'node.ready'
      )
      SELECT c.run, c.node, c.key, c.value, p.node AS sender,
        c.t AS stored_t, (c.t - r.began_t) / 1e6 AS stored_s,
        coalesce(c.next_t, e.t) AS gone_t, (coalesce(c.next_t, e.t) - r.began_t) / 1e6 AS gone_s
      FROM copies c JOIN runs r ON r.run = c.run
        LEFT JOIN ended e ON e.run = c.run AND e.node = c.node AND e.life = c.life
        LEFT JOIN nodes p ON p.run = c.run AND p.address = c.peer
      WHERE c.kind = 'dht.stored'
      """)

  static let dhtLookups = View(
    name: "dht_lookups",
    summary: "A node wanted a value of a distributed hash table.",
    columns: [
      ("run", "the run"),
      ("node", "who wanted it"),
      ("key", "40 hexadecimal digits"),
      ("asked_t", "when it began to look"),
      ("asked_s", "seconds from the run's beginning to `asked_t`"),
      ("ended_t", "when it had the value, or gave up"),
      ("ended_s", "seconds from the run's beginning to `ended_t`"),
      ("found", "1: it found one"),
      ("value", "which, in 16 hexadecimal digits; NULL: none"),
      (
        "published_t", "when somebody had first set a value for the key; NULL: not before `asked_t`"
      ),
      ("is_right", "1: it is a value that somebody set for the key during the run"),
      ("holders", "nodes that were there and held a copy all the time"),
    ],
    body: """
      WITH
      -- `took` is measured by the node's clock, which stands still while it handles one thing: the
      -- beginning is a few milliseconds late. `lookup.started` has it exactly, but finding that among
      -- all lookups, most of them the table's own, takes fifty times as long.
      asked AS MATERIALIZED (
        SELECT run, node, data ->> 'key' AS key, t - (data ->> 'took') AS asked_t, t AS ended_t,
          kind = 'dht.found' AS found, data ->> 'value' AS value
        FROM events WHERE kind IN ('dht.found', 'dht.missing')
      ),
      published AS MATERIALIZED (
        SELECT run, data ->> 'key' AS key, data ->> 'value' AS value, min(t) AS published_t
        FROM events WHERE kind = 'dht.put' GROUP BY run, key, value
      ),
      copies AS MATERIALIZED (
        SELECT run, node, key, stored_t, coalesce(gone_t, 9e18) AS gone_t FROM stored_values
      ),
      absent AS MATERIALIZED (
        SELECT run, node, t, coalesce(back_t, 9e18) AS back_t FROM deaths
      ),
      -- How far two nodes' clocks may differ.
      skews AS MATERIALIZED (SELECT run, most AS skew FROM clock_skews)
      SELECT a.run, a.node, a.key, a.asked_t, (a.asked_t - r.began_t) / 1e6 AS asked_s,
        a.ended_t, (a.ended_t - r.began_t) / 1e6 AS ended_s, a.found, a.value,
        (SELECT min(p.published_t) FROM published p
          WHERE p.run = a.run AND p.key = a.key AND p.published_t <= a.asked_t) AS published_t,
        EXISTS (
          SELECT 1 FROM published p
          WHERE p.run = a.run AND p.key = a.key AND p.value = a.value) AS is_right,
        (SELECT count(*) FROM copies c
          WHERE c.run = a.run AND c.key = a.key AND c.stored_t <= a.asked_t - s.skew
            AND c.gone_t > a.ended_t + s.skew
            AND NOT EXISTS (
              SELECT 1 FROM absent x
              WHERE x.run = c.run AND x.node = c.node AND x.t <= a.ended_t + s.skew
                AND x.back_t >= a.asked_t - s.skew)) AS holders
      FROM asked a JOIN runs r ON r.run = a.run JOIN skews s ON s.run = a.run
      """)

  static let routingContacts = View(
    name: "routing_contacts",
    summary: "A contact in the routing table of a node of a Kademlia network.",
    columns: [
      ("run", "the run"),
      ("node", "whose table"),
      ("peer_node", "the contact's name; NULL: no node of this run"),
      ("peer", "its address"),
      ("id", "its ID, 40 hexadecimal digits; a node that is started again has another"),
      ("added_t", "when it came into the table"),
      ("added_s", "seconds from the run's beginning to `added_t`"),
      ("left_t", "when it left, by the owner's end at the latest; NULL: there to the last"),
      ("left_s", "seconds from the run's beginning to `left_t`"),
      (
        "reason",
        "why, in the words of `contact.evicted`; `died`: the owner's own end; NULL: there to the last"
      ),
    ],
    body: """
      WITH
      \(marksAndEnds(of: "'contact.added', 'contact.evicted'")),
      moves AS MATERIALIZED (
        SELECT run, node, life, kind, peer, t, data ->> 'id' AS id,
          lead(t) OVER each AS next_t, lead(data ->> 'reason') OVER each AS reason
        FROM marks WHERE kind <> 'node.ready'
        WINDOW each AS (PARTITION BY run, node, life, data ->> 'id' ORDER BY n)
      )
      SELECT m.run, m.node, p.node AS peer_node, m.peer, m.id,
        m.t AS added_t, (m.t - r.began_t) / 1e6 AS added_s,
        coalesce(m.next_t, e.t) AS left_t, (coalesce(m.next_t, e.t) - r.began_t) / 1e6 AS left_s,
        coalesce(m.reason, iif(e.t IS NULL, NULL, 'died')) AS reason
      FROM moves m JOIN runs r ON r.run = m.run
        LEFT JOIN ended e ON e.run = m.run AND e.node = m.node AND e.life = m.life
        LEFT JOIN nodes p ON p.run = m.run AND p.address = m.peer
      WHERE m.kind = 'contact.added'
      """)
}
