-- view: exchanges
-- summary: A piece that came to a node, whether or not it counted.
-- column: run: the run
-- column: node: to whom it came
-- column: giver: who gave it; NULL: nobody knows
-- column: hash: the piece's SHA-256
-- column: bytes: how many came
-- column: asked_t: when it was asked for; NULL of one that did not count
-- column: asked_s
-- column: came_t: when it had come
-- column: came_s
-- column: verdict: `taken`, or why not: `twice`, `unasked` or `wrong`

WITH addresses AS MATERIALIZED (SELECT run, node, address FROM node_addresses)
SELECT e.run, e.node, coalesce(g.node, e.peer) AS giver, e.data ->> 'hash' AS hash,
  e.data ->> 'bytes' AS bytes, e.t - (e.data ->> 'waited') AS asked_t,
  (e.t - (e.data ->> 'waited') - r.began_t) / 1e6 AS asked_s,
  e.t AS came_t, (e.t - r.began_t) / 1e6 AS came_s,
  iif(e.kind = 'piece.received', 'taken', e.data ->> 'reason') AS verdict
FROM events e JOIN runs r ON r.run = e.run
  LEFT JOIN addresses g ON g.run = e.run AND g.address = e.peer
WHERE e.kind IN ('piece.received', 'piece.dropped');
