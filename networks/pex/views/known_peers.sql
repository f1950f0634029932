-- view: known_peers
-- summary: An address that a peer of the exchange knew, for as long as it did.
-- column: run: the run
-- column: node: who knew it
-- column: peer_node: whose address it is; NULL: no node of this run
-- column: peer: the address
-- column: source: who told: a node, an address or `option`; NULL: somebody who dialled in, and
--   nobody knows who
-- column: learned_t: when it was heard of
-- column: learned_s
-- column: forgotten_t: when it was forgotten, by the end of that life at the latest; NULL: never
-- column: forgotten_s

WITH
marks AS MATERIALIZED (
  SELECT run, node, n, t, kind, peer, data,
    sum(kind = 'node.ready') OVER (PARTITION BY run, node ORDER BY n) AS life
  FROM events
  WHERE kind IN ('node.ready', 'address.learned', 'address.forgotten', 'neighbour.linked')
),
ended AS MATERIALIZED (SELECT * FROM life_ends),
-- Who told may have been recognised only afterwards.
tellers AS MATERIALIZED (
  SELECT run, node, life, data ->> 'connection' AS connection, peer
  FROM marks WHERE kind = 'neighbour.linked'
),
told AS MATERIALIZED (
  SELECT m.*, coalesce(m.data ->> 'from', k.peer) AS source
  FROM marks m
    LEFT JOIN tellers k ON m.kind = 'address.learned' AND k.run = m.run AND k.node = m.node
      AND k.life = m.life AND k.connection = m.data ->> 'connection'
  WHERE m.kind IN ('address.learned', 'address.forgotten')
),
spans AS MATERIALIZED (
  SELECT run, node, life, peer, kind, source, t AS learned_t,
    lead(t) OVER (PARTITION BY run, node, life, peer ORDER BY n) AS forgotten_t
  FROM told
),
addresses AS MATERIALIZED (SELECT run, node, address FROM node_addresses)
SELECT k.run, k.node, p.node AS peer_node, k.peer, coalesce(s.node, k.source) AS source,
  k.learned_t, (k.learned_t - r.began_t) / 1e6 AS learned_s,
  coalesce(k.forgotten_t, e.t) AS forgotten_t,
  (coalesce(k.forgotten_t, e.t) - r.began_t) / 1e6 AS forgotten_s
FROM spans k JOIN runs r ON r.run = k.run
  LEFT JOIN ended e ON e.run = k.run AND e.node = k.node AND e.life = k.life
  LEFT JOIN addresses p ON p.run = k.run AND p.address = k.peer
  LEFT JOIN addresses s ON s.run = k.run AND s.address = k.source
WHERE k.kind = 'address.learned';
