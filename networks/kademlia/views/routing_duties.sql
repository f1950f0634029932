-- view: routing_duties
-- summary: A contact in a routing table that must leave it: its node died, or was frozen for
--   longer than the owner bears. The owner was there all the time. Who comes back in time with
--   the same ID may stay; the contact of a node that comes back with another ID must leave.
-- column: run: the run
-- column: node: whose table
-- column: dead: the contact's name
-- column: cause: of the death, as in `deaths`
-- column: death_t: when it began to go
-- column: death_s
-- column: deadline_t: when it must have left: `kademlia_deadlines.gone_within` after it was
--   gone, or was added
-- column: deadline_s
-- column: left_t: when it left; NULL: never
-- column: left_s
-- column: fulfilled: 1: it left in time
-- column: judged: 1: it left in time, or the deadline passed before the run was stopped

WITH
absent AS MATERIALIZED (
  SELECT run, node, cause, t, s, gone_t, coalesce(back_t, 9e18) AS back_t FROM deaths
),
contacts AS MATERIALIZED (
  SELECT run, node, peer_node, id, added_t, left_t, left_s, reason FROM routing_contacts
  WHERE peer_node IS NOT NULL
),
identities AS MATERIALIZED (
  SELECT run, node, t, data ->> 'id' AS id FROM events WHERE kind = 'dht.joined'
),
duties AS (
  SELECT c.run, c.node, c.peer_node AS dead, c.id, d.cause, d.t AS death_t, d.s AS death_s,
    d.back_t, max(d.gone_t, c.added_t) + l.gone_within AS deadline_t,
    iif(c.reason = 'died', NULL, c.left_t) AS left_t,
    iif(c.reason = 'died', NULL, c.left_s) AS left_s
  FROM absent d
    JOIN contacts c ON c.run = d.run AND c.peer_node = d.node AND c.added_t < d.back_t
      AND coalesce(c.left_t, 9e18) > d.t
    JOIN kademlia_deadlines l ON l.run = c.run AND l.node = c.node
)
SELECT u.run, u.node, u.dead, u.cause, u.death_t, u.death_s,
  u.deadline_t, (u.deadline_t - r.began_t) / 1e6 AS deadline_s, u.left_t, u.left_s,
  coalesce(u.left_t <= u.deadline_t, 0) AS fulfilled,
  coalesce(u.left_t <= u.deadline_t, 0) OR coalesce(u.deadline_t < r.stopping_t, 0) AS judged
FROM duties u JOIN runs r ON r.run = u.run
WHERE (u.back_t > u.deadline_t OR u.cause <> 'frozen' AND NOT EXISTS (
    SELECT 1 FROM identities i
    WHERE i.run = u.run AND i.node = u.dead AND i.t >= u.back_t AND i.id = u.id))
  AND NOT EXISTS (
    SELECT 1 FROM absent x
    WHERE x.run = u.run AND x.node = u.node AND x.t <= u.deadline_t AND x.back_t > u.death_t);
