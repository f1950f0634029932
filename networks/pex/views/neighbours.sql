-- view: neighbours
-- summary: A connection between two peers of the exchange as one of them, its owner, logged it,
--   once it knew who the other is. Two between a pair are usual: each dials the other. One from
--   a program that dialled in has no row: nobody knows whose it is.
-- column: run: the run
-- column: node: the owner
-- column: peer_node: the neighbour's name; NULL: no node of this run
-- column: peer: the neighbour's address
-- column: direction: `dialled` or `accepted` by the owner
-- column: linked_t: when it was there, and known who it is
-- column: linked_s
-- column: lost_t: when it was gone, by the owner's own end at the latest; NULL: it lasted
-- column: lost_s
-- column: reason: why, in the words of `neighbour.lost`; `died`: the owner's own end; NULL: it
--   lasted

WITH
marks AS MATERIALIZED (
  SELECT run, node, n, t, kind, peer, data,
    sum(kind = 'node.ready') OVER (PARTITION BY run, node ORDER BY n) AS life
  FROM events
  WHERE kind IN ('node.ready', 'neighbour.linked', 'neighbour.lost')
),
ended AS MATERIALIZED (SELECT * FROM life_ends),
rows AS MATERIALIZED (
  SELECT a.run, a.node, a.peer, a.data ->> 'direction' AS direction, a.t AS linked_t,
    coalesce(b.t, e.t) AS lost_t,
    coalesce(b.data ->> 'reason', iif(e.t IS NULL, NULL, 'died')) AS reason
  FROM marks a
    LEFT JOIN ended e ON e.run = a.run AND e.node = a.node AND e.life = a.life
    LEFT JOIN marks b ON b.run = a.run AND b.node = a.node AND b.life = a.life
      AND b.kind = 'neighbour.lost' AND b.data ->> 'connection' = a.data ->> 'connection'
  WHERE a.kind = 'neighbour.linked'
),
addresses AS MATERIALIZED (SELECT run, node, address FROM node_addresses)
SELECT c.run, c.node, p.node AS peer_node, c.peer, c.direction,
  c.linked_t, (c.linked_t - r.began_t) / 1e6 AS linked_s,
  c.lost_t, (c.lost_t - r.began_t) / 1e6 AS lost_s, c.reason
FROM rows c JOIN runs r ON r.run = c.run
  LEFT JOIN addresses p ON p.run = c.run AND p.address = c.peer;
