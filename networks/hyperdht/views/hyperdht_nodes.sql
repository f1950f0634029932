-- view: hyperdht_nodes
-- summary: A life of a node of a HyperDHT network that others may keep in their tables.
-- column: run: the run
-- column: node: the node
-- column: life: which life of the node, from 1
-- column: place: the first 62 bits of its ID as a number
-- column: started_t: when it chose its ID
-- column: started_s
-- column: gone_t: when that life ended; NULL: it did not before the run's end
-- column: gone_s

WITH
marks AS MATERIALIZED (
  SELECT run, node, n, t, kind, peer, data,
    sum(kind = 'node.ready') OVER (PARTITION BY run, node ORDER BY n) AS life
  FROM events
  WHERE kind IN ('node.ready', 'hyperdht.started')
),
ended AS MATERIALIZED (SELECT * FROM life_ends)
SELECT m.run, m.node, m.life, m.data ->> 'place' AS place,
  m.t AS started_t, (m.t - r.began_t) / 1e6 AS started_s,
  e.t AS gone_t, (e.t - r.began_t) / 1e6 AS gone_s
FROM marks m JOIN runs r ON r.run = m.run
  JOIN nodes o ON o.run = m.run AND o.node = m.node AND NOT o.options ->> 'ephemeral'
  LEFT JOIN ended e ON e.run = m.run AND e.node = m.node AND e.life = m.life
WHERE m.kind = 'hyperdht.started';
