-- check: only-the-connected-are-told-of
-- promise: A peer tells of itself and of those it is connected to, by their addresses.
-- networks: pex
-- severity: error
-- witnesses: 1
-- too-few: nobody was told of anybody by a healthy peer
-- asked-if: (SELECT count(*) FROM planned_nodes WHERE role = 'pex-peer' OR options IS NULL) > 1
-- not-asked: there is no second peer

-- A row for each address that somebody was told of, and that is no node's, or of a node that the
-- teller had no connection to in the second before. A time in which either was away, or nodes were
-- kept apart, is not judged: what was on its way then came late.
WITH
healthy AS MATERIALIZED (SELECT node FROM pex_healthy),
links AS MATERIALIZED (
  SELECT node, peer_node, linked_t, coalesce(lost_t, 9e18) AS lost_t
  FROM neighbours WHERE peer_node IS NOT NULL
),
told AS MATERIALIZED (
  SELECT k.node, k.peer_node, k.peer, k.source, k.learned_t, k.learned_s
  FROM known_peers k
  WHERE k.source IN (SELECT node FROM healthy) AND NOT EXISTS (
    SELECT 1 FROM pex_troubles x
    WHERE (x.node IS NULL OR x.node IN (k.node, k.source))
      AND x.from_t <= k.learned_t AND x.until_t > k.learned_t - 1000000)
)
SELECT k.node, k.source AS teller, k.peer AS told_of, k.peer_node, round(k.learned_s, 3) AS told_s,
  (SELECT 'the host was overloaded' FROM overloads o
    WHERE o.from_t <= k.learned_t AND o.to_t > k.learned_t - 3000000 LIMIT 1) AS excuse
FROM told k JOIN clock_skews s
WHERE k.peer_node IS NOT k.source AND NOT EXISTS (
  SELECT 1 FROM links l
  WHERE l.node = k.source AND l.peer_node = k.peer_node
    AND l.linked_t <= k.learned_t + s.most AND l.lost_t >= k.learned_t - 1000000 - s.most)
ORDER BY k.learned_t, k.node, k.peer;

SELECT count(*) FROM known_peers WHERE source IN (SELECT node FROM pex_healthy);
