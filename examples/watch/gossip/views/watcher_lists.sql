-- view: watcher_lists
-- summary: The last list of peers that a watcher was given by a seed, before the run was stopped.
-- column: run: the run
-- column: node: the watcher
-- column: seed: the seed
-- column: told: how many peers were in it; NULL: it was given none
-- column: living: how many peers lived when the run was stopped

WITH told AS (
  SELECT e.run, e.node, e.peer, e.data ->> 'count' AS count, max(e.n)
  FROM events e JOIN runs r ON r.run = e.run
  WHERE e.kind = 'list.seen' AND e.t < r.stopping_t
  GROUP BY e.run, e.node, e.peer
),
living AS (
  SELECT r.run, count(n.node) AS count
  FROM runs r LEFT JOIN nodes n
    ON n.run = r.run AND n.node_group = 'peer' AND n.ended_t >= r.stopping_t
  GROUP BY r.run
)
SELECT w.run, w.node, s.node AS seed, t.count AS told, l.count AS living
FROM nodes w JOIN nodes s ON s.run = w.run AND s.node_group = 'seed'
  JOIN living l ON l.run = w.run
  LEFT JOIN told t ON t.run = w.run AND t.node = w.node AND t.peer = s.address
WHERE w.node_group = 'watcher';
