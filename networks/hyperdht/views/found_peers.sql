-- view: found_peers
-- summary: A lookup of a node of a HyperDHT network found a peer.
-- column: run: the run
-- column: node: who looked
-- column: life: which life of the node, from 1
-- column: query: the lookup's number in that life
-- column: key: 64 hexadecimal digits
-- column: peer: the peer's address
-- column: peer_node: its name; NULL: no node of this run
-- column: found_t: when
-- column: found_s

WITH
marks AS MATERIALIZED (
  SELECT run, node, n, t, kind, peer, data,
    sum(kind = 'node.ready') OVER (PARTITION BY run, node ORDER BY n) AS life
  FROM events
  WHERE kind IN ('node.ready', 'peer.found')
)
SELECT m.run, m.node, m.life, m.data ->> 'query' AS query, m.data ->> 'key' AS key, m.peer,
  n.node AS peer_node, m.t AS found_t, (m.t - r.began_t) / 1e6 AS found_s
FROM marks m JOIN runs r ON r.run = m.run
  LEFT JOIN node_addresses n ON n.run = m.run AND n.address = m.peer
WHERE m.kind = 'peer.found';
