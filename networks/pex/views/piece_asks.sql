-- view: piece_asks
-- summary: An ask for a piece, of a neighbour that is known, and what came of it.
-- column: run: the run
-- column: node: who asked
-- column: life: in which of its lives
-- column: n: the number of the event that says so
-- column: hash: the piece's SHA-256
-- column: peer: whom it asked: the address
-- column: giver: the same: the node; NULL: no node of this run
-- column: asked_t: when
-- column: asked_s
-- column: settled_n: the number of the event that settled it; NULL: none did
-- column: settled_t: when it was settled
-- column: settled_s
-- column: outcome: `received`; `dropped`: it came and did not count; `unanswered`: it was passed
--   over; `lost`: a connection to the neighbour ended before; NULL: nothing of that in its life

WITH
marks AS MATERIALIZED (
  SELECT run, node, n, t, kind, peer, data ->> 'hash' AS hash,
    sum(kind = 'node.ready') OVER (PARTITION BY run, node ORDER BY n) AS life
  FROM events
  WHERE kind IN ('node.ready', 'piece.asked', 'piece.unanswered', 'piece.received',
    'piece.dropped', 'neighbour.lost')
),
-- No FILTER: SQLite 3.40 does not heed it in a window of min().
parted AS MATERIALIZED (
  SELECT *, min(iif(kind = 'neighbour.lost', n, NULL)) OVER later AS lost_n,
    min(iif(kind = 'neighbour.lost', t, NULL)) OVER later AS lost_t
  FROM marks
  WHERE peer IS NOT NULL
  WINDOW later AS (
    PARTITION BY run, node, life, peer ORDER BY n
    ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
),
followed AS MATERIALIZED (
  SELECT *, lead(n) OVER next AS next_n, lead(t) OVER next AS next_t,
    lead(kind) OVER next AS next_kind
  FROM parted
  WHERE hash IS NOT NULL
  WINDOW next AS (PARTITION BY run, node, life, peer, hash ORDER BY n)
),
settled AS (
  SELECT *, next_kind <> 'piece.asked' AND next_n < coalesce(lost_n, 9e18) AS is_next
  FROM followed WHERE kind = 'piece.asked'
),
addresses AS MATERIALIZED (
  SELECT run, node, CAST(address AS TEXT) AS address FROM node_addresses
)
SELECT a.run, a.node, a.life, a.n, a.hash, a.peer, g.node AS giver,
  a.t AS asked_t, (a.t - r.began_t) / 1e6 AS asked_s,
  iif(a.is_next, a.next_n, a.lost_n) AS settled_n,
  iif(a.is_next, a.next_t, a.lost_t) AS settled_t,
  (iif(a.is_next, a.next_t, a.lost_t) - r.began_t) / 1e6 AS settled_s,
  CASE WHEN a.is_next THEN substr(a.next_kind, 7) WHEN a.lost_n IS NOT NULL THEN 'lost' END
    AS outcome
FROM settled a JOIN runs r ON r.run = a.run
  LEFT JOIN addresses g ON g.run = a.run AND g.address = a.peer;
