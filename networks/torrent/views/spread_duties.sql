-- view: spread_duties
-- summary: Chunks that a client must have in the end, because others have them that are there
--   from the last disturbance on: a row for each client that is there too, while a tracker is.
-- column: run: the run
-- column: node: the client
-- column: chunks: that others had, and it had not, at the last disturbance
-- column: missing: how many of them it does not have in time
-- column: since_t: the last disturbance
-- column: since_s
-- column: deadline_t: `torrent_deadlines.finish_within` later
-- column: deadline_s
-- column: judged: 1: it has them, or the deadline passed before the run was stopped

WITH
present AS MATERIALIZED (SELECT * FROM torrent_survivors),
parts AS MATERIALIZED (
  SELECT c.run, c.node, p.uses_dht, c.chunk
  FROM chunks c JOIN present p ON p.run = c.run AND p.node = c.node
  WHERE c.refused IS NULL AND c.t <= p.since_t
  GROUP BY c.run, c.node, c.chunk
),
shared AS MATERIALIZED (
  SELECT DISTINCT c.run, c.chunk FROM chunks c
  WHERE c.refused IS NULL AND (
    EXISTS (SELECT 1 FROM present w WHERE w.run = c.run AND w.is_whole)
    OR EXISTS (SELECT 1 FROM parts q WHERE q.run = c.run AND q.chunk = c.chunk))
),
wanting AS (
  SELECT p.run, p.node, s.chunk, p.since_t, p.since_t + d.finish_within AS deadline_t
  FROM present p JOIN shared s ON s.run = p.run JOIN torrent_deadlines d ON d.run = p.run
  WHERE p.life IS NOT NULL AND NOT p.is_whole AND EXISTS (
      SELECT 1 FROM present t WHERE t.run = p.run AND t.role = 'torrent-tracker')
    AND NOT EXISTS (
      SELECT 1 FROM parts q WHERE q.run = p.run AND q.node = p.node AND q.chunk = s.chunk)
),
got AS MATERIALIZED (
  SELECT run, node, chunk, min(t) AS t FROM chunks WHERE refused IS NULL
  GROUP BY run, node, chunk
),
sums AS (
  SELECT w.run, w.node, w.since_t, w.deadline_t, count(*) AS chunks,
    sum(coalesce(g.t > w.deadline_t, 1)) AS missing
  FROM wanting w
    LEFT JOIN got g ON g.run = w.run AND g.node = w.node AND g.chunk = w.chunk
  GROUP BY w.run, w.node
)
SELECT s.run, s.node, s.chunks, s.missing, s.since_t, (s.since_t - r.began_t) / 1e6 AS since_s,
  s.deadline_t, (s.deadline_t - r.began_t) / 1e6 AS deadline_s,
  s.missing = 0 OR coalesce(r.stopping_t >= s.deadline_t, 0) AS judged
FROM sums s JOIN runs r ON r.run = s.run;
