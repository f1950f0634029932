-- view: settled_beliefs
-- summary: A row of `seed_beliefs` that can be judged: nothing happened to the seed or the live
--   peer within `gossip_deadlines.repair_within` before the stop, nor were they separated within
--   `heal_within`, and a peer that is not listed has not left the seed itself; of a dead peer
--   every report is overdue by the relink interval, and a reporter could reach the seed.
-- column: run: the run
-- column: seed: the seed
-- column: peer: the peer's name
-- column: listed: 1: in its list
-- column: since_t: since when
-- column: since_s
-- column: alive: 1: the peer lived at the stop
-- column: death_t: when the peer died; NULL: it lived
-- column: death_s
-- column: from_t: when the time began that the seed had to get it right
-- column: due_t: when that time was over

WITH
missing AS MATERIALIZED (
  SELECT d.run, d.node, d.t, coalesce(d.back_t, 9e18) AS back_t
  FROM deaths d JOIN runs r ON r.run = d.run AND d.t <= r.stopping_t
),
disturbed AS MATERIALIZED (
  SELECT run, node, max(back_t) AS back_t FROM missing GROUP BY run, node
),
duties AS MATERIALIZED (
  SELECT d.run, d.node, d.dead, d.death_t, d.death_t - g.report_within AS since_t,
    d.deadline_t + g.relink_interval AS due_t
  FROM dead_node_duties d
    JOIN gossip_deadlines g ON g.run = d.run AND g.node = d.node
),
-- The dead of whom every report is overdue.
overdue AS MATERIALIZED (
  SELECT d.run, d.dead, d.death_t, max(d.due_t) AS due_t
  FROM duties d
    JOIN runs r ON r.run = d.run
    JOIN missing m
      ON m.run = d.run AND m.node = d.dead AND m.t = d.death_t AND m.back_t >= r.stopping_t
  GROUP BY d.run, d.dead, d.death_t
  HAVING max(d.due_t) <= r.stopping_t
),
gone AS MATERIALIZED (
  SELECT run, dead, min(death_t) AS death_t, due_t FROM overdue GROUP BY run, dead
),
-- A peer's own last word, in its present life, on whether it is registered with a seed: one
-- that was started again may have chosen other seeds.
registrations AS MATERIALIZED (
  SELECT e.run, e.node, e.peer AS seed_address, e.kind, max(e.n)
  FROM events e JOIN runs r ON r.run = e.run
    JOIN nodes n ON n.run = e.run AND n.node = e.node AND e.t >= n.ready_t
  WHERE e.kind IN ('seed.registered', 'seed.lost')
    AND (r.stopping_t IS NULL OR e.t < r.stopping_t)
  GROUP BY e.run, e.node, e.peer
),
known AS (
  SELECT b.*, r.stopping_t, r.began_t, r.stopping_t - g.repair_within AS settled_t,
    r.stopping_t - g.heal_within AS healed_t, y.kind AS registration,
    s.back_t AS seed_back_t, p.back_t AS peer_back_t, o.dead IS NULL AS alive, o.death_t,
    o.due_t
  FROM seed_beliefs b
    JOIN runs r ON r.run = b.run AND r.stopping_t IS NOT NULL
    JOIN gossip_deadlines g ON g.run = b.run AND g.node = b.peer_node
    LEFT JOIN nodes n ON n.run = b.run AND n.node = b.seed
    LEFT JOIN registrations y
      ON y.run = b.run AND y.node = b.peer_node AND y.seed_address = n.address
    LEFT JOIN disturbed s ON s.run = b.run AND s.node = b.seed
    LEFT JOIN disturbed p ON p.run = b.run AND p.node = b.peer_node
    LEFT JOIN gone o ON o.run = b.run AND o.dead = b.peer_node
)
SELECT run, seed, peer_node AS peer, listed, since_t, since_s, alive,
  death_t, (death_t - began_t) / 1e6 AS death_s,
  coalesce(death_t, settled_t) AS from_t, coalesce(due_t, stopping_t) AS due_t
FROM known k
WHERE coalesce(seed_back_t <= settled_t, 1)
  AND CASE WHEN alive
    THEN coalesce(peer_back_t <= settled_t, 1)
      AND (listed OR since_t <= settled_t
        AND coalesce(registration = 'seed.registered', NOT EXISTS (
          SELECT 1 FROM registrations z
          WHERE z.run = k.run AND z.node = k.peer_node AND z.kind = 'seed.registered')))
      AND NOT EXISTS (
        SELECT 1 FROM separated_nodes x
        WHERE x.run = k.run AND x.node = k.seed AND x.peer_node = k.peer_node
          AND x.from_t <= k.stopping_t AND x.to_t >= k.healed_t)
    ELSE EXISTS (
      SELECT 1 FROM duties d
      WHERE d.run = k.run AND d.dead = k.peer_node AND d.death_t = k.death_t
        AND NOT EXISTS (
          SELECT 1 FROM separated_nodes x
          WHERE x.run = k.run AND x.node = k.seed AND x.peer_node = d.node
            AND x.from_t <= k.due_t AND x.to_t >= d.since_t))
    END;
