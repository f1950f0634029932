-- view: gossip_repeats
-- summary: A peer took a text, though it had sent or taken it before in the same life and cannot
--   have forgotten it since: it remembers as many as its option `max-remembered` says.
-- column: run: the run
-- column: node: the peer
-- column: message: the text with its identity
-- column: known_t: when it had last sent or taken it
-- column: known_s
-- column: taken_t: when it took it again
-- column: taken_s

WITH
-- Cheap to find, and few: what else is asked is asked of these alone.
twice AS MATERIALIZED (
  SELECT run, node, data ->> 'message' AS message
  FROM events WHERE kind IN ('gossip.sent', 'gossip.received')
  GROUP BY run, node, message HAVING count(*) > 1
),
marks AS (
  SELECT run, node, n, t, kind, data ->> 'message' AS message,
    sum(kind = 'node.ready') OVER log AS life, row_number() OVER log AS place
  FROM events
  WHERE kind IN ('node.ready', 'gossip.sent', 'gossip.received')
    AND (run, node) IN (SELECT run, node FROM twice)
  WINDOW log AS (PARTITION BY run, node ORDER BY n)
),
takings AS (
  SELECT run, node, message, t, place,
    lag(t) OVER same AS known_t, lag(place) OVER same AS known_place
  FROM marks
  WHERE (run, node, message) IN (SELECT run, node, message FROM twice)
  WINDOW same AS (PARTITION BY run, node, life, message ORDER BY n)
)
SELECT g.run, g.node, g.message,
  g.known_t, (g.known_t - r.began_t) / 1e6 AS known_s,
  g.t AS taken_t, (g.t - r.began_t) / 1e6 AS taken_s
FROM takings g JOIN runs r ON r.run = g.run
  LEFT JOIN nodes p ON p.run = g.run AND p.node = g.node
WHERE g.place - g.known_place <= coalesce(p.options ->> 'max-remembered', 9e18);
