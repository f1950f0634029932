-- view: dead_node_duties
-- summary: A peer that had a link to a node when that died, and lived on long enough to have to
--   report it, while a seed lived to hear it, and no separation kept it from either.
-- column: run: the run
-- column: node: the peer whose duty it is
-- column: dead: the dead neighbour
-- column: cause: as in `deaths`
-- column: death_t: when it died
-- column: death_s
-- column: deadline_t: when the report was due: `gossip_deadlines.report_within` after the death
--   was seen
-- column: deadline_s
-- column: reported_t: its first report of that, in time or late; NULL: none
-- column: reported_s
-- column: received_t: when the first seed logged it; NULL: none did
-- column: received_s
-- column: fulfilled: 1: a seed was told in time
-- column: judged: 1: fulfilled, or the deadline passed before the run was stopped

WITH
fallen AS MATERIALIZED (
  SELECT d.* FROM deaths d JOIN nodes n ON n.run = d.run AND n.node = d.node
  WHERE n.role = 'gossip-peer'
),
absent AS MATERIALIZED (
  SELECT run, node, t, coalesce(back_t, 9e18) AS back_t FROM deaths
),
reports AS MATERIALIZED (SELECT * FROM dead_node_reports),
-- How far a node's times may be off from the one that a death is dated by.
skew AS MATERIALIZED (SELECT run, of_one AS most FROM clock_skews),
-- Neighbours that had a link when the node died, by their own records. Who closed it for
-- a reason of its own before the deadline has no duty.
neighbours AS MATERIALIZED (
  SELECT l.run, l.node, d.node AS dead, d.cause, d.t AS death_t,
    d.t - g.report_within AS since_t, d.gone_t + g.report_within AS deadline_t
  FROM fallen d
    JOIN skew k ON k.run = d.run
    JOIN links l ON l.run = d.run AND l.peer_node = d.node AND l.opened_t < d.t
      AND (l.closed_t IS NULL OR l.closed_t >= d.t - k.most)
    JOIN gossip_deadlines g ON g.run = l.run AND g.node = l.node
  WHERE (d.back_t IS NULL OR d.back_t > d.gone_t + g.report_within)
    AND (l.reason IS NULL OR l.closed_t > d.gone_t + g.report_within
      OR l.reason NOT IN ('duplicate', 'displaced', 'busy', 'mute', 'garbled', 'stopping'))
  GROUP BY l.run, l.node, d.node, d.t
),
-- A separation counts from when a neighbour may have been busy with it at the death.
bound AS MATERIALIZED (
  SELECT b.* FROM neighbours b
  WHERE NOT EXISTS (
      SELECT 1 FROM absent a
      WHERE a.run = b.run AND a.node = b.node
        AND a.t <= b.deadline_t AND a.back_t > b.death_t)
    AND NOT EXISTS (
      SELECT 1 FROM separated_nodes x
      WHERE x.run = b.run AND x.node = b.node AND x.peer_node = b.dead
        AND x.from_t <= b.deadline_t AND x.to_t >= b.since_t)
    AND EXISTS (
      SELECT 1 FROM nodes s
      WHERE s.run = b.run AND s.role = 'gossip-seed'
        AND NOT EXISTS (
          SELECT 1 FROM absent a
          WHERE a.run = s.run AND a.node = s.node
            AND a.t <= b.deadline_t AND a.back_t > b.death_t)
        AND NOT EXISTS (
          SELECT 1 FROM separated_nodes x
          WHERE x.run = b.run AND x.node = b.node AND x.peer_node = s.node
            AND x.from_t <= b.deadline_t AND x.to_t >= b.since_t))
),
outcomes AS (
  SELECT b.run, b.node, b.dead, b.cause, b.death_t, b.deadline_t,
    min(p.reported_t) AS reported_t, min(p.received_t) AS received_t,
    coalesce(max(p.reported_t <= b.deadline_t + k.most AND p.received_t IS NOT NULL), 0)
      AS fulfilled
  FROM bound b JOIN skew k ON k.run = b.run
    LEFT JOIN reports p ON p.run = b.run AND p.reporter = b.node AND p.dead = b.dead
      AND p.reported_t >= b.death_t - k.most
  GROUP BY b.run, b.node, b.dead, b.death_t
)
SELECT o.run, o.node, o.dead, o.cause,
  o.death_t, (o.death_t - r.began_t) / 1e6 AS death_s,
  o.deadline_t, (o.deadline_t - r.began_t) / 1e6 AS deadline_s,
  o.reported_t, (o.reported_t - r.began_t) / 1e6 AS reported_s,
  o.received_t, (o.received_t - r.began_t) / 1e6 AS received_s,
  o.fulfilled, o.fulfilled OR coalesce(r.stopping_t >= o.deadline_t, 0) AS judged
FROM outcomes o JOIN runs r ON r.run = o.run;
