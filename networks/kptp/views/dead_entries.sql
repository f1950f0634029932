-- view: dead_entries
-- summary: A peer that died while it stood in the table of one that lived on, or entered it
--   dead.
-- column: run: the run
-- column: dead: who died, or was frozen
-- column: cause: `killed`, `stopped`, `crashed` or `frozen`
-- column: death_t: when
-- column: death_s
-- column: node: whose table
-- column: since_t: when the dead one entered it
-- column: since_s
-- column: due_t: when it must have left: `kptp_deadlines.leave_within` after the death
-- column: due_s
-- column: until_t: when it left; NULL: never
-- column: until_s
-- column: entered_dead: 1: it entered more than a second after it was gone
-- column: judged: 1: it was dead, and the owner there, from the death to the deadline, which
--   passed before the run was stopped; or it entered dead

WITH
-- How far two nodes' clocks may differ: who enters shortly before it is back is back.
skews AS MATERIALIZED (SELECT run, most AS skew FROM clock_skews),
gone AS MATERIALIZED (
  SELECT run, node, cause, t, gone_t, coalesce(back_t, 9e18) AS back_t FROM deaths
),
rows AS MATERIALIZED (
  SELECT e.run, g.node AS dead, g.cause, g.t AS death_t, e.node, e.since_t, e.until_t,
    g.t + k.leave_within AS due_t, e.since_t > g.gone_t + 1000000 + s.skew AS entered_dead,
    g.back_t
  FROM gone g
    JOIN skews s ON s.run = g.run
    JOIN routing_entries e
      ON e.run = g.run AND e.peer_node = g.node AND e.since_t < g.back_t - s.skew
        AND coalesce(e.until_t, 9e18) > g.t
    JOIN kptp_deadlines k ON k.run = e.run AND k.node = e.node
)
SELECT w.run, w.dead, w.cause, w.death_t, (w.death_t - r.began_t) / 1e6 AS death_s, w.node,
  w.since_t, (w.since_t - r.began_t) / 1e6 AS since_s,
  w.due_t, (w.due_t - r.began_t) / 1e6 AS due_s,
  w.until_t, (w.until_t - r.began_t) / 1e6 AS until_s, w.entered_dead,
  coalesce(w.entered_dead OR w.due_t <= r.stopping_t AND w.back_t > w.due_t
    AND NOT EXISTS (
      SELECT 1 FROM gone o
      WHERE o.run = w.run AND o.node = w.node AND o.t < w.due_t AND o.back_t > w.death_t),
    0) AS judged
FROM rows w JOIN runs r ON r.run = w.run;
