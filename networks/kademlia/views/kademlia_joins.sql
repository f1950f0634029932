-- view: kademlia_joins
-- summary: A time in which a node of a Kademlia network was there and had not joined yet.
-- column: run: the run
-- column: node: the node
-- column: from_t: when it was ready
-- column: from_s
-- column: until_t: when it had looked up its own ID, or had ended; NULL: never
-- column: until_s

WITH
marks AS MATERIALIZED (
  SELECT run, node, n, t, kind, peer, data,
    sum(kind = 'node.ready') OVER (PARTITION BY run, node ORDER BY n) AS life
  FROM events
  WHERE kind IN ('node.ready', 'dht.joined')
),
ended AS MATERIALIZED (SELECT * FROM life_ends),
lives AS (
  SELECT run, node, life, min(t) FILTER (WHERE kind = 'node.ready') AS from_t,
    min(t) FILTER (WHERE kind = 'dht.joined') AS joined_t
  FROM marks GROUP BY run, node, life
)
SELECT l.run, l.node, l.from_t, (l.from_t - r.began_t) / 1e6 AS from_s,
  coalesce(l.joined_t, e.t) AS until_t, (coalesce(l.joined_t, e.t) - r.began_t) / 1e6 AS until_s
FROM lives l JOIN runs r ON r.run = l.run
  JOIN nodes n ON n.run = l.run AND n.node = l.node AND n.role = 'kademlia-node'
  LEFT JOIN ended e ON e.run = l.run AND e.node = l.node AND e.life = l.life;
