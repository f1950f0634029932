-- check: who-has-it-gives-it
-- promise: A healthy peer that is asked for a piece that it has gives it at once.
-- networks: pex
-- severity: error
-- witnesses: 1
-- too-few: nobody asked a healthy peer for a piece that it had
-- asked-if: (SELECT count(*) FROM planned_nodes WHERE role = 'pex-peer' OR options IS NULL) > 1
-- not-asked: there is no second peer
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'have' > 0 OR options ->> 'share' <> '' OR options IS NULL)
-- not-asked: no peer has a piece
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'want' > 0 OR options ->> 'fetch' <> '' OR options IS NULL)
-- not-asked: no peer wants a piece

-- A row for each ask that its neighbour could have answered, and did not within two seconds, though
-- the connection lasted. Streams of a simulation that stall and break are given their time.
WITH
healthy AS MATERIALIZED (SELECT node FROM pex_healthy),
had AS MATERIALIZED (
  SELECT node, hash, held_t, coalesce(until_t, 9e18) AS until_t
  FROM pieces WHERE held_t IS NOT NULL
),
asks AS MATERIALIZED (SELECT * FROM piece_asks WHERE giver IS NOT NULL),
came AS MATERIALIZED (SELECT node, giver, hash, came_t FROM exchanges),
judged AS MATERIALIZED (
  SELECT a.*, a.asked_t + 2000000 AS due_t
  FROM asks a JOIN runs r ON a.asked_t + 2000000 <= r.stopping_t JOIN clock_skews s
    JOIN had h ON h.node = a.giver AND h.hash = a.hash AND h.held_t < a.asked_t - s.most
      AND h.until_t > a.asked_t + 2000000
  WHERE a.giver IN (SELECT node FROM healthy) AND coalesce(a.outcome, '') <> 'lost'
    AND NOT EXISTS (
      SELECT 1 FROM pex_troubles x
      WHERE (x.node IS NULL OR x.node IN (a.node, a.giver))
        AND x.from_t <= a.asked_t + 2000000 AND x.until_t > a.asked_t - 1000000)
)
SELECT j.node, j.giver, substr(j.hash, 1, 16) AS piece, round(j.asked_s, 3) AS asked_s,
  j.outcome,
  (SELECT 'the host was overloaded' FROM overloads o
    WHERE o.from_t <= j.due_t AND o.to_t > j.asked_t LIMIT 1) AS excuse
FROM judged j
WHERE NOT EXISTS (
  SELECT 1 FROM came c
  WHERE c.node = j.node AND c.giver = j.giver AND c.hash = j.hash
    AND c.came_t BETWEEN j.asked_t AND j.due_t)
ORDER BY j.asked_t, j.node, j.hash;

SELECT count(*)
FROM piece_asks a JOIN pieces h ON h.node = a.giver AND h.hash = a.hash AND h.held_t < a.asked_t
WHERE a.giver IN (SELECT node FROM pex_healthy);
