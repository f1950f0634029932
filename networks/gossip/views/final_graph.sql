-- view: final_graph
-- summary: A peer that lived when the run was stopped, and whether links joined it with the
--   others. A link is there when either end says so.
-- column: run: the run
-- column: node: the peer
-- column: neighbours: live peers it had a link with
-- column: start: the peer with the most neighbours
-- column: connected: 1: a chain of links joins it with `start`
-- column: settled_t: the longest `gossip_deadlines.repair_within` before the stop
-- column: settled: 1: no peer died, came back or started since then, and there was no unrest

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
),
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
  LEFT JOIN reached w ON w.run = c.run AND w.node = c.node;
