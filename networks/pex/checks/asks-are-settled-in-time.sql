-- check: asks-are-settled-in-time
-- promise: Who is asked for a piece gives it or is passed over in time, neither sooner nor later.
-- networks: pex
-- severity: error
-- witnesses: 1
-- too-few: nobody was asked for a piece
-- asked-if: (SELECT count(*) FROM planned_nodes WHERE role = 'pex-peer' OR options IS NULL) > 1
-- not-asked: there is no second peer
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'have' > 0 OR options ->> 'share' <> '' OR options IS NULL)
-- not-asked: no peer has a piece
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'want' > 0 OR options ->> 'fetch' <> '' OR options IS NULL)
-- not-asked: no peer wants a piece

-- A row for each ask that was neither answered nor passed over when each ask before it on the
-- connection had had its ask-timeout; and for each that was passed over sooner than after one,
-- though no piece came from that neighbour just then or a moment later, or would
-- have, had the connection lasted.
WITH
settings AS MATERIALIZED (
  SELECT node, options ->> 'ask-timeout' AS patience,
    (options ->> 'ask-timeout') * (1 + (options ->> 'asks-in-flight')) + 1000000 AS most
  FROM planned_nodes WHERE role = 'pex-peer'
),
asks AS MATERIALIZED (SELECT * FROM piece_asks),
came AS MATERIALIZED (
  SELECT node, giver, came_t FROM exchanges
),
lost AS MATERIALIZED (SELECT node, peer, lost_t FROM neighbours WHERE lost_t IS NOT NULL),
late AS (
  SELECT a.node, a.peer, a.hash, a.asked_t, a.asked_s, a.settled_s, a.asked_t + s.most AS due_t,
    'later' AS problem
  FROM asks a JOIN settings s ON s.node = a.node JOIN runs r
    LEFT JOIN life_ends e ON e.node = a.node AND e.life = a.life
  WHERE a.asked_t + s.most < min(coalesce(a.settled_t, 9e18), coalesce(e.t, 9e18), r.stopping_t)
    AND NOT EXISTS (
      SELECT 1 FROM pex_troubles x
      WHERE x.node = a.node AND x.from_t <= a.asked_t + s.most AND x.until_t > a.asked_t)
),
soon AS (
  SELECT a.node, a.peer, a.hash, a.asked_t, a.asked_s, a.settled_s, a.settled_t AS due_t,
    'sooner' AS problem
  FROM asks a JOIN settings s ON s.node = a.node
  WHERE a.outcome = 'unanswered' AND a.settled_t < a.asked_t + s.patience
    AND NOT EXISTS (
      SELECT 1 FROM came c
      WHERE c.node = a.node AND c.giver IN (a.giver, a.peer)
        AND c.came_t BETWEEN a.settled_t - 1 AND a.settled_t + 2000000)
    AND NOT EXISTS (
      SELECT 1 FROM lost l
      WHERE l.node = a.node AND l.peer = a.peer
        AND l.lost_t BETWEEN a.settled_t - 1 AND a.settled_t + 2000000)
)
SELECT m.node, m.peer, substr(m.hash, 1, 16) AS piece, m.problem, round(m.asked_s, 3) AS asked_s,
  round(m.settled_s, 3) AS settled_s,
  (SELECT 'the host was overloaded' FROM overloads o
    WHERE o.from_t <= m.due_t AND o.to_t > m.asked_t LIMIT 1) AS excuse
FROM (SELECT * FROM late UNION ALL SELECT * FROM soon) m
ORDER BY m.asked_t, m.node, m.peer, m.hash;

SELECT count(*) FROM piece_asks WHERE outcome IS NOT NULL;
