-- view: final_buckets
-- summary: A bucket that some live peer belongs into, in the table of one that lived when the
--   run was stopped.
-- column: run: the run
-- column: node: whose table
-- column: prefix: the bucket
-- column: live_entries: peers in it that lived
-- column: dead_entries: others in it
-- column: nearest: the live peer in it that is nearest to the owner; NULL: none
-- column: closest: 1: no live peer of that bucket is closer; 0: one is, or it holds none that
--   lives
-- column: settled_t: the longest `kptp_deadlines.settle_within` before the stop
-- column: settled: 1: no peer died, came back or started since then, and no separation ended
--   within `kptp_deadlines.heal_within`

WITH
living AS MATERIALIZED (SELECT * FROM kptp_living),
stops AS MATERIALIZED (SELECT * FROM kptp_stops),
lengths (bits) AS MATERIALIZED (
  VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11), (12), (13), (14), (15), (16)
),
beginnings AS MATERIALIZED (
  SELECT DISTINCT p.run, b.bits, p.number >> (16 - b.bits) AS value
  FROM living p JOIN lengths b
),
-- What the IDs that belong into each bucket begin with.
sought AS MATERIALIZED (
  SELECT p.run, p.node, b.bits, (p.number >> (16 - b.bits)) + 1
    - 2 * (p.number >> (16 - b.bits) & 1) AS value
  FROM living p JOIN lengths b
),
-- Looked up with IN, for which SQLite always makes an index; for a join it may not.
due AS MATERIALIZED (
  SELECT run, node, bits - 1 AS prefix FROM sought
  WHERE (run, bits, value) IN (SELECT run, bits, value FROM beginnings)
),
held AS MATERIALIZED (
  SELECT e.run, e.node, e.prefix, q.node AS peer, q.number, p.number AS own,
    (p.number | q.number) - (p.number & q.number) AS distance
  FROM routing_entries e
    JOIN living p ON p.run = e.run AND p.node = e.node
    LEFT JOIN living q ON q.run = e.run AND q.node = e.peer_node
  WHERE e.since_t < p.stopping_t AND coalesce(e.until_t, 9e18) >= p.stopping_t
),
counted AS MATERIALIZED (
  SELECT run, node, prefix, count(number) AS live_entries,
    count(*) - count(number) AS dead_entries
  FROM held GROUP BY run, node, prefix
),
best AS MATERIALIZED (
  SELECT run, node, prefix, peer, number, own, min(distance)
  FROM held WHERE number IS NOT NULL GROUP BY run, node, prefix
),
-- What IDs begin with that are closer than the best entry: they share more with the owner.
closer AS MATERIALIZED (
  SELECT h.run, h.node, h.prefix, b.bits, (h.number >> (16 - b.bits)) + 1
    - 2 * (h.number >> (16 - b.bits) & 1) AS value
  FROM best h JOIN lengths b
  WHERE b.bits > h.prefix + 1
    AND (h.number >> (16 - b.bits) & 1) <> (h.own >> (16 - b.bits) & 1)
),
surpassed AS MATERIALIZED (
  SELECT DISTINCT run, node, prefix FROM closer
  WHERE (run, bits, value) IN (SELECT run, bits, value FROM beginnings)
)
SELECT d.run, d.node, d.prefix, coalesce(c.live_entries, 0) AS live_entries,
  coalesce(c.dead_entries, 0) AS dead_entries, h.peer AS nearest,
  h.peer IS NOT NULL AND s.node IS NULL AS closest, l.settle_t AS settled_t,
  l.is_settled AS settled
FROM due d JOIN stops l ON l.run = d.run
  LEFT JOIN counted c ON c.run = d.run AND c.node = d.node AND c.prefix = d.prefix
  LEFT JOIN best h ON h.run = d.run AND h.node = d.node AND h.prefix = d.prefix
  LEFT JOIN surpassed s ON s.run = d.run AND s.node = d.node AND s.prefix = d.prefix;
