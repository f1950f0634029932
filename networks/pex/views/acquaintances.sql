-- view: acquaintances
-- summary: Two nodes of which one must know the other: since both were there,
--   `pex_deadlines.learn_within` went by in which both stayed, nothing was between any nodes,
--   and one whom the later of the two dials first was there (or the earlier, where the later
--   dials nobody). Programs that play peers say nothing of whom they know, nor when they tell
--   others: that they know is not asked, and while there are any, the two must have the same one
--   to dial first, who is no program, or be each other's.
-- column: run: the run
-- column: node: who must know
-- column: peer_node: whom
-- column: since_t: since when both were there
-- column: since_s
-- column: deadline_t: when it must have known
-- column: deadline_s
-- column: learned_t: since when it did; NULL: it never did, or had forgotten by the deadline
-- column: learned_s
-- column: fulfilled: 1: in time

WITH
troubles AS MATERIALIZED (SELECT * FROM pex_troubles),
born AS MATERIALIZED (
  SELECT e.run, e.node, e.t AS ready_t, n.options ->> 'bootstrap' AS bootstrap
  FROM events e JOIN nodes n ON n.run = e.run AND n.node = e.node
  WHERE e.kind = 'node.ready' AND n.role = 'pex-peer'
),
-- Peers without options are programs.
mixed AS MATERIALIZED (SELECT DISTINCT run FROM born WHERE bootstrap IS NULL),
-- Whom a node dials first, and is told of all others by.
guides AS MATERIALIZED (
  SELECT b.run, b.node, b.ready_t, g.node AS guide
  FROM born b
    JOIN nodes g ON g.run = b.run
      AND instr(',' || b.bootstrap || ',', ',' || g.address || ',') > 0
  WHERE g.options ->> 'bootstrap' IS NOT NULL
  GROUP BY b.run, b.node, b.ready_t, g.node
),
within AS MATERIALIZED (
  SELECT run, max(learn_within) AS most FROM pex_deadlines GROUP BY run
),
pairs AS MATERIALIZED (
  SELECT a.run, a.node, b.node AS peer_node, max(a.ready_t, b.ready_t) AS since_t,
    max(a.ready_t, b.ready_t) + w.most AS deadline_t,
    iif(a.ready_t > b.ready_t, a.node, b.node) AS later,
    iif(a.ready_t > b.ready_t, b.node, a.node) AS earlier,
    max(a.ready_t, b.ready_t) AS later_t, min(a.ready_t, b.ready_t) AS earlier_t
  FROM born a JOIN born b ON b.run = a.run AND b.node <> a.node
    JOIN within w ON w.run = a.run
  WHERE a.bootstrap IS NOT NULL
),
known AS MATERIALIZED (
  SELECT run, node, peer_node, learned_t, coalesce(forgotten_t, 9e18) AS forgotten_t
  FROM known_peers WHERE peer_node IS NOT NULL
),
due AS MATERIALIZED (
  SELECT p.run, p.node, p.peer_node, p.since_t, p.deadline_t
  FROM pairs p JOIN runs r ON r.run = p.run AND p.deadline_t <= r.stopping_t
  WHERE NOT EXISTS (
    SELECT 1 FROM troubles x
    WHERE x.run = p.run AND (x.node IS NULL OR x.node IN (p.node, p.peer_node))
      AND x.from_t <= p.deadline_t AND x.until_t > p.since_t)
    AND EXISTS (
      SELECT 1 FROM guides g
      WHERE g.run = p.run AND (
          g.node = p.later AND g.ready_t = p.later_t
          OR g.guide = p.later AND g.node = p.earlier AND g.ready_t = p.earlier_t)
        AND (
          g.guide IN (p.later, p.earlier) OR p.run NOT IN (SELECT run FROM mixed)
          OR EXISTS (
            SELECT 1 FROM guides h
            WHERE h.run = g.run AND h.guide = g.guide AND h.node = p.earlier))
        AND NOT EXISTS (
          SELECT 1 FROM troubles x
          WHERE x.run = g.run AND x.node = g.guide
            AND x.from_t <= p.deadline_t AND x.until_t > p.since_t))
)
SELECT d.run, d.node, d.peer_node,
  d.since_t, (d.since_t - r.began_t) / 1e6 AS since_s,
  d.deadline_t, (d.deadline_t - r.began_t) / 1e6 AS deadline_s,
  min(k.learned_t) AS learned_t, (min(k.learned_t) - r.began_t) / 1e6 AS learned_s,
  min(k.learned_t) IS NOT NULL AS fulfilled
FROM due d JOIN runs r ON r.run = d.run
  LEFT JOIN known k ON k.run = d.run AND k.node = d.node AND k.peer_node = d.peer_node
    AND k.learned_t <= d.deadline_t AND k.forgotten_t > d.deadline_t
GROUP BY d.run, d.node, d.peer_node, d.since_t;
