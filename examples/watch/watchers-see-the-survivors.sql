-- check: watchers-see-the-survivors
-- promise: At the end, every watcher was told by each seed of as many peers as live.
-- networks: gossip
-- severity: error
-- witnesses: 2
-- too-few: no watcher was told anything
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes WHERE node_group = 'watcher')
-- not-asked: there is no watcher

WITH told AS (
  SELECT e.node, e.peer, e.data ->> 'count' AS count, max(e.n)
  FROM events e
  WHERE e.kind = 'list.seen' AND e.t < (SELECT stopping_t FROM runs)
  GROUP BY e.node, e.peer
), living AS (
  SELECT count(*) AS count FROM nodes
  WHERE node_group = 'peer' AND ended_t >= (SELECT stopping_t FROM runs)
)
SELECT w.node, s.node AS seed, coalesce(told.count, 0) AS told, living.count AS living,
  (SELECT 'the host was overloaded' FROM overloads, runs
   WHERE to_t > stopping_t - 5e6 LIMIT 1) AS excuse
FROM living, nodes w JOIN nodes s ON s.node_group = 'seed'
  LEFT JOIN told ON told.node = w.node AND told.peer = s.address
WHERE w.node_group = 'watcher' AND told.count IS NOT living.count;

SELECT count(DISTINCT node || peer) FROM events WHERE kind = 'list.seen';
