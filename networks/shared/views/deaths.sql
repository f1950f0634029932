-- view: deaths
-- summary: A time in which a node was not there: killed, stopped, crashed, or frozen by a pause.
--   The orderly end of the run is none.
-- column: run: the run
-- column: node: the node
-- column: address: its address
-- column: cause: `killed`, `stopped`, `crashed` or `frozen`
-- column: t: when it began to go: the fault was applied, or, of a crash, a second before it was
--   seen
-- column: s
-- column: gone_t: when it was seen to be gone
-- column: gone_s
-- column: back_t: when it was ready again, or, of a frozen node, continued; NULL: never
-- column: back_s
-- column: life: which of the node's lives this ended, from 1, or came after, where the node was
--   not ready yet; NULL: none, or it was frozen

WITH
exits AS MATERIALIZED (
  SELECT run, data ->> 'node' AS node, t AS exit_t, data ->> 'pid' AS pid
  FROM events
  WHERE node = 'supervisor' AND kind = 'node.exited'
),
-- The exit that a kill, a stop or the first half of a restart led to: the node's next, which a
-- window finds in one pass. Where two faults meet on a busy host, one exit is both's: it is one
-- death, the first one's.
felled AS MATERIALIZED (
  SELECT run, node, cause, min(t) AS t, exit_t
  FROM (
    SELECT run, node, cause, t, latest_t,
      min(exit_t) OVER (PARTITION BY run, node ORDER BY t DESC) AS exit_t
    FROM (
      SELECT run, node, iif(action = 'stop', 'stopped', 'killed') AS cause, applied_t AS t,
        iif(action = 'restart', confirmed_t, NULL) AS latest_t, NULL AS exit_t
      FROM faults WHERE action IN ('kill', 'stop', 'restart') AND applied_t IS NOT NULL
      UNION ALL
      SELECT run, node, NULL, exit_t, NULL, exit_t FROM exits
    )
  )
  WHERE cause IS NOT NULL AND exit_t <= coalesce(latest_t, exit_t)
  GROUP BY run, node, exit_t
),
-- Exits that no fault explains. The neighbours may have noticed before the supervisor did.
crashed AS (
  SELECT x.run, x.node, 'crashed' AS cause, x.exit_t - 1000000 AS t, x.exit_t
  FROM exits x JOIN runs r ON r.run = x.run
  WHERE (r.stopping_t IS NULL OR x.exit_t < r.stopping_t)
    AND NOT EXISTS (
      SELECT 1 FROM felled f
      WHERE f.run = x.run AND f.node = x.node AND f.exit_t = x.exit_t)
),
gone AS MATERIALIZED (
  SELECT run, node, cause, t, exit_t AS gone_t, NULL AS healed_t FROM felled
  UNION ALL
  SELECT run, node, cause, t, exit_t, NULL FROM crashed
  UNION ALL
  SELECT run, node, 'frozen', applied_t, confirmed_t, healed_t
  FROM faults WHERE action = 'pause' AND confirmed_t IS NOT NULL
),
readied AS MATERIALIZED (
  SELECT run, node, t, data ->> 'pid' AS pid,
    row_number() OVER (PARTITION BY run, node ORDER BY n) AS life
  FROM events
  WHERE kind = 'node.ready' AND (run, node) IN (SELECT run, node FROM gone)
  UNION ALL
  SELECT run, data ->> 'node', t, NULL, NULL FROM events
  WHERE node = 'supervisor' AND kind = 'program.ready'
),
-- Which life it was, the process says: clocks may differ. They tell it of a process that was never
-- ready, or is not the one that said so.
died AS MATERIALIZED (
  SELECT g.*, CASE WHEN g.cause <> 'frozen' THEN coalesce(
    (SELECT max(y.life) FROM exits x
        JOIN readied y ON y.run = x.run AND y.node = x.node AND y.pid = x.pid
      WHERE x.run = g.run AND x.node = g.node AND x.exit_t = g.gone_t),
    (SELECT max(y.life) FROM readied y
      WHERE y.run = g.run AND y.node = g.node AND y.t <= g.gone_t)) END AS life
  FROM gone g
),
back AS (
  SELECT d.run, d.node, d.cause, d.t, d.gone_t, d.life,
    coalesce(d.healed_t, max(d.gone_t, min(y.t))) AS back_t
  FROM died d
    LEFT JOIN readied y ON y.run = d.run AND y.node = d.node
      AND iif(d.life IS NULL, y.t > d.gone_t, y.life = d.life + 1)
  GROUP BY d.run, d.node, d.cause, d.t
)
SELECT b.run, b.node, n.address, b.cause,
  b.t, (b.t - r.began_t) / 1e6 AS s,
  b.gone_t, (b.gone_t - r.began_t) / 1e6 AS gone_s,
  b.back_t, (b.back_t - r.began_t) / 1e6 AS back_s, b.life
FROM back b JOIN runs r ON r.run = b.run
  LEFT JOIN nodes n ON n.run = b.run AND n.node = b.node;
