-- view: piece_duties
-- summary: A piece that a node wanted and got, or must have got: for `pex_deadlines.get_within`
--   it had a connection of its own to one who had the piece all that time, with both of them
--   there and nothing between them.
-- column: run: the run
-- column: node: who wanted it
-- column: life: in which of its lives
-- column: hash: the piece's SHA-256
-- column: wanted_t: when it began to be wanted
-- column: wanted_s
-- column: owner: who could have given it, the one with the earliest deadline; NULL: no one so
--   long
-- column: since_t: since when
-- column: since_s
-- column: deadline_t: when the node must have had it
-- column: deadline_s
-- column: held_t: when it came; NULL: never
-- column: held_s
-- column: fulfilled: 1: in time

WITH
troubles AS MATERIALIZED (SELECT * FROM pex_troubles),
had AS MATERIALIZED (
  SELECT run, node, life, hash, wanted_t, held_t, coalesce(until_t, 9e18) AS until_t
  FROM pieces
),
asking AS MATERIALIZED (
  SELECT run, node, peer_node, linked_t, coalesce(lost_t, 9e18) AS lost_t
  FROM neighbours WHERE direction = 'dialled' AND peer_node IS NOT NULL
),
chances AS MATERIALIZED (
  SELECT w.run, w.node, w.life, w.hash, o.node AS owner,
    max(w.wanted_t, o.held_t, k.linked_t) AS since_t, d.get_within,
    min(w.until_t, o.until_t, k.lost_t) AS until_t
  FROM had w
    JOIN had o ON o.run = w.run AND o.hash = w.hash AND o.node <> w.node
      AND o.held_t IS NOT NULL AND o.held_t < coalesce(w.held_t, 9e18)
    JOIN asking k ON k.run = w.run AND k.node = w.node AND k.peer_node = o.node
      AND k.linked_t < min(w.until_t, o.until_t) AND k.lost_t > max(w.wanted_t, o.held_t)
    JOIN pex_deadlines d ON d.run = w.run AND d.node = w.node
  WHERE w.wanted_t IS NOT NULL
),
-- The bare column goes with the least deadline (SQLite's rule for min()).
due AS MATERIALIZED (
  SELECT c.run, c.node, c.life, c.hash, c.owner, c.since_t,
    min(c.since_t + c.get_within) AS deadline_t
  FROM chances c JOIN runs r ON r.run = c.run
  WHERE c.since_t + c.get_within <= c.until_t AND c.since_t + c.get_within <= r.stopping_t
    AND NOT EXISTS (
      SELECT 1 FROM troubles x
      WHERE x.run = c.run AND (x.node IS NULL OR x.node IN (c.node, c.owner))
        AND x.from_t <= c.since_t + c.get_within AND x.until_t > c.since_t)
  GROUP BY c.run, c.node, c.life, c.hash
)
SELECT w.run, w.node, w.life, w.hash,
  w.wanted_t, (w.wanted_t - r.began_t) / 1e6 AS wanted_s, d.owner,
  d.since_t, (d.since_t - r.began_t) / 1e6 AS since_s,
  d.deadline_t, (d.deadline_t - r.began_t) / 1e6 AS deadline_s,
  w.held_t, (w.held_t - r.began_t) / 1e6 AS held_s,
  coalesce(w.held_t <= d.deadline_t, w.held_t IS NOT NULL) AS fulfilled
FROM had w JOIN runs r ON r.run = w.run
  LEFT JOIN due d
    ON d.run = w.run AND d.node = w.node AND d.life = w.life AND d.hash = w.hash
WHERE w.wanted_t IS NOT NULL AND (w.held_t IS NOT NULL OR d.deadline_t IS NOT NULL);
