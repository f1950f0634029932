-- view: tracker_duties
-- summary: A client that a tracker knew when it died, and must have forgotten in time, unless
--   one of the two was gone or back before.
-- column: run: the run
-- column: node: the tracker
-- column: client: the dead client
-- column: cause: of `deaths`
-- column: death_t: when it began to go
-- column: death_s
-- column: deadline_t: `torrent_deadlines.forget_within` later
-- column: deadline_s
-- column: forgotten_t: when the tracker forgot it; NULL: never
-- column: forgotten_s
-- column: fulfilled: 1: in time
-- column: judged: 1: fulfilled, or the deadline passed before the run was stopped

WITH
words AS MATERIALIZED (
  SELECT e.run, e.node, c.node AS client, e.t, e.kind
  FROM events e JOIN nodes c ON c.run = e.run AND c.address = e.peer
  WHERE e.kind IN ('owner.announced', 'owner.forgotten')
),
known AS (
  SELECT d.run, w.node, d.node AS client, d.cause, d.t AS death_t, d.back_t, d.gone_t
  FROM deaths d JOIN (SELECT DISTINCT run, node, client FROM words) w
    ON w.run = d.run AND w.client = d.node
  WHERE (
    SELECT v.kind FROM words v
    WHERE v.run = d.run AND v.node = w.node AND v.client = d.node AND v.t <= d.t
    ORDER BY v.t DESC LIMIT 1) = 'owner.announced'
),
due AS (
  SELECT k.*, k.gone_t + x.forget_within AS deadline_t, (
    SELECT min(v.t) FROM words v
    WHERE v.run = k.run AND v.node = k.node AND v.client = k.client
      AND v.kind = 'owner.forgotten' AND v.t > k.death_t) AS forgotten_t
  FROM known k JOIN torrent_deadlines x ON x.run = k.run
)
SELECT d.run, d.node, d.client, d.cause, d.death_t, (d.death_t - r.began_t) / 1e6 AS death_s,
  d.deadline_t, (d.deadline_t - r.began_t) / 1e6 AS deadline_s,
  d.forgotten_t, (d.forgotten_t - r.began_t) / 1e6 AS forgotten_s,
  coalesce(d.forgotten_t <= d.deadline_t, 0) AS fulfilled,
  coalesce(d.forgotten_t <= d.deadline_t, 0)
    OR coalesce(r.stopping_t >= d.deadline_t, 0) AS judged
FROM due d JOIN runs r ON r.run = d.run
WHERE coalesce(d.back_t, 9e18) > d.deadline_t AND NOT EXISTS (
  SELECT 1 FROM deaths t
  WHERE t.run = d.run AND t.node = d.node AND t.t <= d.deadline_t
    AND coalesce(t.back_t, 9e18) > d.death_t);
