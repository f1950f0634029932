-- view: download_duties
-- summary: A client that must have its file in the end: it is there from the last disturbance (a
--   fault, its end, or a node that began) until the run is stopped, and every chunk is held by
--   clients that are there too and that it can find.
-- column: run: the run
-- column: node: the client
-- column: by: how it can find them: `tracker`: one is there; `dht`: there is none, but it and
--   they use the DHT
-- column: since_t: the last disturbance
-- column: since_s
-- column: deadline_t: `torrent_deadlines.finish_within` later; by the DHT,
--   `finish_by_dht_within`
-- column: deadline_s
-- column: completed_t: when its file was complete in its last life; NULL: never
-- column: completed_s
-- column: fulfilled: 1: complete in time
-- column: judged: 1: fulfilled, or the deadline passed before the run was stopped

WITH
present AS MATERIALIZED (SELECT * FROM torrent_survivors),
parts AS MATERIALIZED (
  SELECT c.run, c.node, p.uses_dht, c.chunk
  FROM chunks c JOIN present p ON p.run = c.run AND p.node = c.node
  WHERE c.refused IS NULL AND c.t <= p.since_t
  GROUP BY c.run, c.node, c.chunk
),
found AS (
  SELECT p.run, p.node, p.since_t, p.chunks, p.completed_t,
    iif(EXISTS (
      SELECT 1 FROM present t WHERE t.run = p.run AND t.role = 'torrent-tracker'),
      'tracker', 'dht') AS by, p.uses_dht
  FROM present p WHERE p.life IS NOT NULL
),
able AS (
  SELECT f.* FROM found f
  WHERE (f.by = 'tracker' OR f.uses_dht) AND (
    EXISTS (
      SELECT 1 FROM present w
      WHERE w.run = f.run AND w.is_whole AND (f.by = 'tracker' OR w.uses_dht))
    OR f.chunks = (
      SELECT count(DISTINCT q.chunk) FROM parts q
      WHERE q.run = f.run AND (f.by = 'tracker' OR q.uses_dht OR q.node = f.node)))
),
due AS (
  SELECT a.run, a.node, a.by, a.since_t, a.completed_t,
    a.since_t + iif(a.by = 'tracker', d.finish_within, d.finish_by_dht_within)
      AS deadline_t
  FROM able a JOIN torrent_deadlines d ON d.run = a.run
)
SELECT d.run, d.node, d.by, d.since_t, (d.since_t - r.began_t) / 1e6 AS since_s,
  d.deadline_t, (d.deadline_t - r.began_t) / 1e6 AS deadline_s,
  d.completed_t, (d.completed_t - r.began_t) / 1e6 AS completed_s,
  coalesce(d.completed_t <= d.deadline_t, 0) AS fulfilled,
  coalesce(d.completed_t <= d.deadline_t, 0) OR coalesce(r.stopping_t >= d.deadline_t, 0)
    AS judged
FROM due d JOIN runs r ON r.run = d.run;
