-- view: stored_values
-- summary: A copy of a value that a node of a distributed hash table held.
-- column: run: the run
-- column: node: the holder
-- column: key: 40 hexadecimal digits
-- column: value: 16 hexadecimal digits that stand for it, as in `dht.stored`
-- column: sender: who brought it; NULL: the node itself, or no node of this run
-- column: stored_t: when it was stored there
-- column: stored_s
-- column: gone_t: when it was dropped, replaced by another value, or lost with its holder; NULL:
--   held to the last
-- column: gone_s

WITH
marks AS MATERIALIZED (
  SELECT run, node, n, t, kind, peer, data,
    sum(kind = 'node.ready') OVER (PARTITION BY run, node ORDER BY n) AS life
  FROM events
  WHERE kind IN ('node.ready', 'dht.stored', 'dht.expired')
),
ended AS MATERIALIZED (SELECT * FROM life_ends),
copies AS MATERIALIZED (
  SELECT run, node, life, kind, peer, t, data ->> 'key' AS key, data ->> 'value' AS value,
    lead(t) OVER (PARTITION BY run, node, life, data ->> 'key' ORDER BY n) AS next_t
  FROM marks WHERE kind <> 'node.ready'
)
SELECT c.run, c.node, c.key, c.value, p.node AS sender,
  c.t AS stored_t, (c.t - r.began_t) / 1e6 AS stored_s,
  coalesce(c.next_t, e.t) AS gone_t, (coalesce(c.next_t, e.t) - r.began_t) / 1e6 AS gone_s
FROM copies c JOIN runs r ON r.run = c.run
  LEFT JOIN ended e ON e.run = c.run AND e.node = c.node AND e.life = c.life
  LEFT JOIN nodes p ON p.run = c.run AND p.address = c.peer
WHERE c.kind = 'dht.stored';
