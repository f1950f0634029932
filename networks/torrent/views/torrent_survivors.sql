-- view: torrent_survivors
-- summary: A node that is there from the last disturbance on: a fault, its end, or a node that
--   began.
-- column: run: the run
-- column: node: the node
-- column: role: its role
-- column: uses_dht: 1: a client with its option `dht`
-- column: since_t: the last disturbance
-- column: life: a client's last life; NULL of other roles
-- column: chunks: into how many its file is cut
-- column: completed_t: when its file was complete in that life; NULL: never
-- column: is_whole: 1: it had everything at the last disturbance

WITH
disturbed AS MATERIALIZED (
  SELECT r.run, max(
    coalesce((
      SELECT max(max(f.applied_t, coalesce(f.confirmed_t, 0), coalesce(f.healed_t, 0)))
      FROM faults f WHERE f.run = r.run AND f.applied_t IS NOT NULL), 0),
    (SELECT max(e.t) FROM events e WHERE e.run = r.run AND e.kind = 'node.ready'))
    AS since_t
  FROM runs r
),
-- The columns beside max() are those of the row that has it.
last AS MATERIALIZED (
  SELECT run, node, max(life) AS life, chunks, held, completed_t FROM downloads
  GROUP BY run, node
)
SELECT n.run, n.node, n.role, (n.options ->> 'dht') = 1 AS uses_dht, x.since_t, l.life, l.chunks,
  l.completed_t, coalesce(l.held = l.chunks OR l.completed_t <= x.since_t, 0) AS is_whole
FROM nodes n JOIN disturbed x ON x.run = n.run
  LEFT JOIN last l ON l.run = n.run AND l.node = n.node
WHERE NOT EXISTS (
  SELECT 1 FROM deaths d WHERE d.run = n.run AND d.node = n.node AND d.back_t IS NULL);
