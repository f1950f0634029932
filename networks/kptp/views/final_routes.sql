-- view: final_routes
-- summary: The way from one live peer to another when the run was stopped: from table to table,
--   each time to the nearest live peer in the bucket that the target belongs into. Of many
--   pairs, some 20,000 spread over all.
-- column: run: the run
-- column: node: where it begins
-- column: target: whom it leads to
-- column: reached: 1: it ends at the target's ID, which two peers may share
-- column: steps: tables that were asked before it ended
-- column: last: where it ended
-- column: blocked: 1: only the dead stood in the bucket where it ended
-- column: settled_t: the longest `kptp_deadlines.route_within` before the stop
-- column: settled: 1: no peer died, came back or started since then, and no separation ended
--   lately

WITH RECURSIVE
living AS MATERIALIZED (SELECT * FROM kptp_living),
stops AS MATERIALIZED (SELECT * FROM kptp_stops),
placed AS MATERIALIZED (
  SELECT run, node, number, row_number() OVER (PARTITION BY run ORDER BY number, node) AS place,
    max(1, count(*) OVER (PARTITION BY run) * count(*) OVER (PARTITION BY run) / 20000)
      AS stride
  FROM living
),
-- A bucket holds the peers from one distance to less than twice that.
hops AS MATERIALIZED (
  SELECT b.run, b.node, 1 << (15 - b.prefix) AS least, b.nearest, b.dead_entries, n.number
  FROM final_buckets b
    LEFT JOIN living n ON n.run = b.run AND n.node = b.nearest
),
walk (run, node, target, goal, at, number, steps) AS (
  SELECT a.run, a.node, b.node, b.number, a.node, a.number, 0
  FROM placed a JOIN placed b ON b.run = a.run AND b.number <> a.number
  WHERE (a.place + b.place) % a.stride = 0
  UNION ALL
  SELECT w.run, w.node, w.target, w.goal, h.nearest, h.number, w.steps + 1
  FROM walk w JOIN hops h
    ON h.run = w.run AND h.node = w.at AND h.number IS NOT NULL
      AND (w.number | w.goal) - (w.number & w.goal) BETWEEN h.least AND 2 * h.least - 1
),
-- The last step of each way: SQLite takes the other columns from the row with the most.
ends AS MATERIALIZED (
  SELECT run, node, target, goal, at, number, max(steps) AS steps
  FROM walk GROUP BY run, node, target
)
SELECT e.run, e.node, e.target, e.number = e.goal AS reached, e.steps, e.at AS last,
  coalesce(h.dead_entries > 0, 0) AS blocked, l.route_t AS settled_t,
  l.is_routed AS settled
FROM ends e JOIN stops l ON l.run = e.run
  LEFT JOIN hops h
    ON e.number <> e.goal AND h.run = e.run AND h.node = e.at
      AND (e.number | e.goal) - (e.number & e.goal) BETWEEN h.least AND 2 * h.least - 1;
