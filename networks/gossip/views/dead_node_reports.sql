-- view: dead_node_reports
-- summary: A report of a death, by one peer to one seed, before the run was stopped.
-- column: run: the run
-- column: reporter: the peer that made it
-- column: dead: the node said to be dead, or its address where it is no node of this run
-- column: dead_address: its address
-- column: seed: the seed that was told
-- column: reported_t: when it was made
-- column: reported_s
-- column: received_t: when the seed logged it; NULL: never
-- column: received_s
-- column: death_t: the last death of that node before; NULL: it had not died
-- column: death_s
-- column: delay: seconds from the death to the report

WITH
skews AS MATERIALIZED (SELECT run, most AS skew FROM clock_skews),
heard AS MATERIALIZED (
  SELECT run, node AS seed, peer, data ->> 'by' AS by, t
  FROM events WHERE kind = 'report.received'
),
told AS MATERIALIZED (
  SELECT e.run, e.node AS reporter, n.address AS reporter_address, e.n, e.t, e.peer,
    e.data ->> 'seed' AS seed_address, s.node AS seed
  FROM events e JOIN runs r ON r.run = e.run
    LEFT JOIN nodes n ON n.run = e.run AND n.node = e.node
    LEFT JOIN nodes s ON s.run = e.run AND s.address = e.data ->> 'seed'
  WHERE e.kind = 'dead.reported' AND (r.stopping_t IS NULL OR e.t < r.stopping_t)
),
-- A report arrives after it was made; a node's clock is that of its last wake-up, so a second
-- is granted.
matched AS MATERIALIZED (
  SELECT t.run, t.reporter, t.peer, t.seed, t.seed_address, t.t, min(h.t) AS received_t
  FROM told t JOIN skews k ON k.run = t.run LEFT JOIN heard h
    ON h.run = t.run AND h.seed = t.seed AND h.peer = t.peer AND h.by = t.reporter_address
      AND h.t >= t.t - 1000000 - k.skew
  GROUP BY t.run, t.reporter, t.n
),
-- The death that the report is about: the last that had begun.
since AS (
  SELECT m.*, max(d.t) AS death_t
  FROM matched m LEFT JOIN deaths d ON d.run = m.run AND d.address = m.peer AND d.t <= m.t
  GROUP BY m.run, m.reporter, m.peer, m.seed_address, m.t
)
SELECT m.run, m.reporter, coalesce(p.node, m.peer) AS dead, m.peer AS dead_address,
  coalesce(m.seed, m.seed_address) AS seed,
  m.t AS reported_t, (m.t - r.began_t) / 1e6 AS reported_s,
  m.received_t, (m.received_t - r.began_t) / 1e6 AS received_s,
  m.death_t, (m.death_t - r.began_t) / 1e6 AS death_s, (m.t - m.death_t) / 1e6 AS delay
FROM since m JOIN runs r ON r.run = m.run
  LEFT JOIN nodes p ON p.run = m.run AND p.address = m.peer;
