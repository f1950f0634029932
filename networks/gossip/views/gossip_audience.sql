-- view: gossip_audience
-- summary: A peer that a text must reach: it had a link when the text was sent and lived until
--   the deadline. Texts whose origin had no link then, or was gone within a second, have none;
--   nor have those that several deaths or unrest held up for longer than new links catch up
--   with, or than their origin lived.
-- column: run: the run
-- column: message: the text with its identity
-- column: origin: who sent it
-- column: node: who must get it
-- column: sent_t: when it was sent
-- column: sent_s
-- column: deadline_t: when it must have arrived: `gossip_deadlines.gossip_within` later, or at
--   the end of the unrest meanwhile. Of one that was not there by then it is as long after the
--   last death meanwhile, if there was another before that had yet to be repaired
-- column: deadline_s
-- column: received_t: when it arrived; NULL: never
-- column: received_s
-- column: reached: 1: in time
-- column: judged: 1: reached, or the deadline passed before the run was stopped

WITH
sent AS MATERIALIZED (
  SELECT run, data ->> 'message' AS message, node AS origin, min(t) AS sent_t
  FROM events WHERE kind = 'gossip.sent' GROUP BY run, message
),
absent AS MATERIALIZED (
  SELECT run, node, t, coalesce(back_t, 9e18) AS back_t FROM deaths
),
linked AS MATERIALIZED (
  SELECT run, node, opened_t, coalesce(closed_t, 9e18) AS closed_t FROM links
),
present AS MATERIALIZED (
  SELECT s.run, s.message, s.origin, s.sent_t, l.node
  FROM sent s JOIN linked l
    ON l.run = s.run AND l.opened_t <= s.sent_t AND l.closed_t > s.sent_t
  GROUP BY s.run, s.message, l.node
),
repair AS MATERIALIZED (
  SELECT run, max(gossip_within) AS within FROM gossip_deadlines GROUP BY run
),
-- Texts whose origin had a link and lived long enough to pass them on. One that a death holds
-- up can be held up anew by the next, which may hit who was about to mend the first.
travelling AS MATERIALIZED (
  SELECT p.run, p.message, (
      SELECT iif(count(*) > 1 AND max(a.t) > p.sent_t, max(a.t), p.sent_t) FROM absent a
      WHERE a.run = p.run AND a.t > p.sent_t - w.within AND a.t <= p.sent_t + w.within)
      AS held_t
  FROM present p JOIN repair w ON w.run = p.run
  WHERE node = origin AND NOT EXISTS (
    SELECT 1 FROM absent a
    WHERE a.run = p.run AND a.node = p.origin
      AND a.t <= p.sent_t + 1000000 AND a.back_t > p.sent_t)
),
received AS MATERIALIZED (
  SELECT run, data ->> 'message' AS message, node, min(t) AS received_t
  FROM events WHERE kind = 'gossip.received' GROUP BY run, message, node
),
unrested AS MATERIALIZED (
  SELECT run, from_t, coalesce(until_t, 9e18) AS until_t FROM unrest
),
due AS (
  SELECT p.run, p.message, p.origin, p.sent_t, p.node,
    p.sent_t + g.gossip_within AS soonest_t, t.held_t + g.gossip_within AS due_t,
    p.sent_t + g.catch_up_window AS forgotten_t
  FROM travelling t
    JOIN present p ON p.run = t.run AND p.message = t.message AND p.node <> p.origin
    JOIN gossip_deadlines g ON g.run = p.run AND g.node = p.node
),
audience AS (
  SELECT d.*, v.received_t,
    max(iif(v.received_t <= d.soonest_t, d.soonest_t, d.due_t), coalesce((
      SELECT max(u.until_t) FROM unrested u
      WHERE u.run = d.run AND u.from_t <= d.due_t AND u.until_t > d.sent_t), 0))
      AS deadline_t
  FROM due d
    LEFT JOIN received v ON v.run = d.run AND v.message = d.message AND v.node = d.node
)
SELECT a.run, a.message, a.origin, a.node,
  a.sent_t, (a.sent_t - r.began_t) / 1e6 AS sent_s,
  a.deadline_t, (a.deadline_t - r.began_t) / 1e6 AS deadline_s,
  a.received_t, (a.received_t - r.began_t) / 1e6 AS received_s,
  coalesce(a.received_t <= a.deadline_t, 0) AS reached,
  coalesce(a.received_t <= a.deadline_t, 0) OR coalesce(r.stopping_t >= a.deadline_t, 0)
    AS judged
FROM audience a JOIN runs r ON r.run = a.run
-- A text that was held up may have died with the only ones who had it: its origin must live.
WHERE (a.deadline_t = a.soonest_t OR a.deadline_t <= a.forgotten_t) AND NOT EXISTS (
  SELECT 1 FROM absent x
  WHERE x.run = a.run AND x.t <= a.deadline_t AND x.back_t > a.sent_t
    AND (x.node = a.node OR x.node = a.origin AND a.deadline_t > a.soonest_t));
