-- view: seed_beliefs
-- summary: A seed's last word, before the run was stopped, on a peer that registered with it. A
--   seed that was started anew knows only who registered since.
-- column: run: the run
-- column: seed: the seed
-- column: peer_node: the peer's name
-- column: peer: the peer's address
-- column: listed: 1: in its list; 0: dropped, or reported dead and being dialled
-- column: since_t: since when
-- column: since_s

WITH
words AS MATERIALIZED (
  SELECT e.run, e.node, e.n, e.t, e.kind, e.peer,
    CASE e.kind
      WHEN 'peer.registered' THEN 1
      WHEN 'report.disputed' THEN 1
      WHEN 'report.ignored' THEN e.data ->> 'reason' <> 'not listed'
      ELSE 0
    END AS listed,
    sum(e.kind = 'node.ready') OVER (PARTITION BY e.run, e.node ORDER BY e.n) AS life
  FROM events e JOIN runs r ON r.run = e.run JOIN nodes s ON s.run = e.run AND s.node = e.node
  WHERE s.role = 'gossip-seed'
    AND e.kind IN ('node.ready', 'peer.registered', 'report.received', 'report.disputed',
      'report.ignored', 'peer.removed')
    AND (r.stopping_t IS NULL OR e.t < r.stopping_t)
),
-- A seed that starts anew knows nobody: only what it said since then counts.
started AS MATERIALIZED (
  SELECT run, node, max(life) AS life FROM words WHERE kind = 'node.ready' GROUP BY run, node
),
changes AS (
  SELECT w.run, w.node AS seed, w.peer, w.n, w.t, w.kind, w.listed,
    w.listed IS NOT lag(w.listed) OVER told AS changed
  FROM words w JOIN started b ON b.run = w.run AND b.node = w.node AND b.life = w.life
  WHERE w.kind <> 'node.ready'
  WINDOW told AS (PARTITION BY w.run, w.node, w.peer ORDER BY w.n)
),
-- The columns beside max() are those of the row that has it.
beliefs AS (
  SELECT run, seed, peer, listed, t, max(iif(changed, n, 0))
  FROM changes GROUP BY run, seed, peer
  HAVING sum(kind = 'peer.registered') > 0
)
SELECT b.run, b.seed, p.node AS peer_node, b.peer, b.listed,
  b.t AS since_t, (b.t - r.began_t) / 1e6 AS since_s
FROM beliefs b JOIN runs r ON r.run = b.run
  LEFT JOIN nodes p ON p.run = b.run AND p.address = b.peer;
