extension View {
  static let gossipTakings = View(
    name: "gossip_takings",
    summary: "A peer took a text: it sent it first, or got it and did not know it.",
    columns: [
      ("run", "the run"),
      ("node", "the peer"),
      ("message", "the text with its identity"),
      ("own", "1: it sent the text first"),
      ("taken_t", "when it took it"),
      ("taken_s", "seconds from the run's beginning to `taken_t`"),
      (
        "known_t",
        "when it had taken it before, in the same life and `max-remembered` texts ago at most; "
          + "NULL: never"
      ),
      ("known_s", "seconds from the run's beginning to `known_t`"),
    ],
    body: """
      WITH
      marks AS (
        SELECT run, node, n, t, kind, data ->> 'message' AS message,
          sum(kind = 'node.ready') OVER log AS life, row_number() OVER log AS place
        FROM events
        WHERE kind IN ('node.ready', 'gossip.sent', 'gossip.received')
        WINDOW log AS (PARTITION BY run, node ORDER BY n)
      ),
      takings AS (
        SELECT run, node, t, kind, message, place,
          lag(place) OVER same AS known_place, lag(t) OVER same AS known_t
        FROM marks
        WHERE kind <> 'node.ready'
        WINDOW same AS (PARTITION BY run, node, life, message ORDER BY n)
      ),
      remembered AS (
        SELECT g.run, g.node, g.message, g.kind = 'gossip.sent' AS own, g.t,
          -- A peer forgets a text when it has taken so many others.
          iif(g.place - g.known_place <= coalesce(p.options ->> 'max-remembered', 9e18),
            g.known_t, NULL) AS known_t
        FROM takings g LEFT JOIN nodes p ON p.run = g.run AND p.node = g.node
      )
      SELECT g.run, g.node, g.message, g.own,
        g.t AS taken_t, (g.t - r.began_t) / 1e6 AS taken_s,
        g.known_t, (g.known_t - r.began_t) / 1e6 AS known_s
      FROM remembered g JOIN runs r ON r.run = g.run
      """)
}
