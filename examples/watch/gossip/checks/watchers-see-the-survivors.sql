-- check: watchers-see-the-survivors
-- promise: At the end, every watcher was told by each seed of as many peers as live.
-- networks: gossip
-- severity: error
-- witnesses: 2
-- too-few: no watcher was told anything
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes WHERE node_group = 'watcher')
-- not-asked: there is no watcher

SELECT node, seed, coalesce(told, 0) AS told, living,
  (SELECT 'the host was overloaded' FROM overloads o, runs r
    WHERE o.to_t > r.stopping_t - 5000000 LIMIT 1) AS excuse
FROM watcher_lists
WHERE told IS NOT living;

SELECT count(told) FROM watcher_lists;
