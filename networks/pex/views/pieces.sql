-- view: pieces
-- summary: A piece that a node had or wanted in one of its lives.
-- column: run: the run
-- column: node: the node
-- column: life: which of its lives, from 1
-- column: hash: the piece's SHA-256
-- column: wanted_t: when it began to be wanted; NULL: it was at hand
-- column: wanted_s
-- column: held_t: since when it was there; NULL: it never came
-- column: held_s
-- column: until_t: when that life ended; NULL: not before the run did
-- column: until_s
-- column: giver: who gave it; NULL: it was at hand, or never came, or nobody knows
-- column: content: the SHA-256 of what was taken; NULL: it was at hand, or never came

WITH
marks AS MATERIALIZED (
  SELECT run, node, n, t, kind, peer, data,
    sum(kind = 'node.ready') OVER (PARTITION BY run, node ORDER BY n) AS life
  FROM events
  WHERE kind IN ('node.ready', 'piece.held', 'piece.wanted', 'piece.received')
),
ended AS MATERIALIZED (SELECT * FROM life_ends),
told AS MATERIALIZED (
  SELECT run, node, life, data ->> 'hash' AS hash,
    min(t) FILTER (WHERE kind = 'piece.wanted') AS wanted_t,
    min(t) FILTER (WHERE kind <> 'piece.wanted') AS held_t,
    min(peer) FILTER (WHERE kind = 'piece.received') AS giver,
    min(data ->> 'content') FILTER (WHERE kind = 'piece.received') AS content
  FROM marks WHERE kind <> 'node.ready'
  GROUP BY run, node, life, hash
),
addresses AS MATERIALIZED (SELECT run, node, address FROM node_addresses)
SELECT p.run, p.node, p.life, p.hash,
  p.wanted_t, (p.wanted_t - r.began_t) / 1e6 AS wanted_s,
  p.held_t, (p.held_t - r.began_t) / 1e6 AS held_s,
  e.t AS until_t, (e.t - r.began_t) / 1e6 AS until_s,
  coalesce(g.node, p.giver) AS giver, p.content
FROM told p JOIN runs r ON r.run = p.run
  LEFT JOIN ended e ON e.run = p.run AND e.node = p.node AND e.life = p.life
  LEFT JOIN addresses g ON g.run = p.run AND g.address = p.giver;
