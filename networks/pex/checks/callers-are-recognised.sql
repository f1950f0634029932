-- check: callers-are-recognised
-- promise: Who dials in is known in time by its address, and by no other's.
-- networks: pex
-- severity: error
-- witnesses: 2
-- too-few: no connection between two healthy peers lasted long enough
-- asked-if: (SELECT count(*) FROM planned_nodes WHERE role = 'pex-peer' OR options IS NULL) > 1
-- not-asked: there is no second peer

-- A row for each connection whose far end did not find out in time who had dialled it
-- (pex_deadlines.learn_within), and for each that was taken for one of a node that had none.
WITH
healthy AS MATERIALIZED (SELECT node FROM pex_healthy),
links AS MATERIALIZED (
  SELECT node, peer_node, direction, linked_t, linked_s, coalesce(lost_t, 9e18) AS lost_t
  FROM neighbours WHERE peer_node IS NOT NULL
),
due AS MATERIALIZED (
  SELECT l.node, l.peer_node, l.linked_t, l.linked_s, l.linked_t + d.learn_within AS deadline_t
  FROM links l JOIN runs r
    JOIN (SELECT max(learn_within) AS learn_within FROM pex_deadlines) d
  WHERE l.direction = 'dialled' AND l.lost_t > l.linked_t + d.learn_within
    AND l.linked_t + d.learn_within <= r.stopping_t
    AND l.node IN (SELECT node FROM healthy) AND l.peer_node IN (SELECT node FROM healthy)
    AND NOT EXISTS (
      SELECT 1 FROM pex_troubles x
      WHERE (x.node IS NULL OR x.node IN (l.node, l.peer_node))
        AND x.from_t <= l.linked_t + d.learn_within AND x.until_t > l.linked_t)
),
nameless AS (
  SELECT d.node AS caller, d.peer_node AS node, d.linked_s, d.linked_t, d.deadline_t,
    'it was not recognised' AS problem
  FROM due d
  WHERE NOT EXISTS (
    SELECT 1 FROM links c
    WHERE c.node = d.peer_node AND c.peer_node = d.node AND c.direction = 'accepted'
      AND c.linked_t <= d.deadline_t AND c.lost_t >= d.linked_t)
),
misnamed AS (
  SELECT c.peer_node AS caller, c.node, c.linked_s, c.linked_t, c.linked_t AS deadline_t,
    'it had not dialled' AS problem
  FROM links c JOIN clock_skews s
  WHERE c.direction = 'accepted' AND c.peer_node IN (SELECT node FROM healthy)
    AND c.node IN (SELECT node FROM healthy)
    AND NOT EXISTS (
      SELECT 1 FROM links d
      WHERE d.node = c.peer_node AND d.peer_node = c.node AND d.direction = 'dialled'
        AND d.linked_t <= c.linked_t + s.most + 1000000
        AND d.lost_t >= c.linked_t - s.most - 1000000)
    AND NOT EXISTS (
      SELECT 1 FROM pex_troubles x
      WHERE (x.node IS NULL OR x.node IN (c.node, c.peer_node))
        AND x.from_t <= c.linked_t AND x.until_t > c.linked_t - 1000000)
)
SELECT m.node, m.caller, m.problem, round(m.linked_s, 3) AS linked_s,
  (SELECT 'the host was overloaded' FROM overloads o
    WHERE o.from_t <= m.deadline_t AND o.to_t > m.linked_t - 1000000 LIMIT 1) AS excuse
FROM (SELECT * FROM nameless UNION ALL SELECT * FROM misnamed) m
ORDER BY m.linked_t, m.node, m.caller;

SELECT count(*) FROM neighbours WHERE direction = 'accepted';
