-- view: heartbeats
-- summary: A heartbeat from one peer to another in its table.
-- column: run: the run
-- column: node: who sent it
-- column: peer_node: to whom; NULL: no node of this run
-- column: peer: that peer's address
-- column: sent_t: when it was sent
-- column: sent_s
-- column: outcome: `answered` or `missed`; NULL: neither was logged
-- column: delay: seconds until it was answered or missed
-- column: misses: how many had been missed in a row; NULL: it was not missed
-- column: reason: why it was missed; NULL: it was not

WITH
steps AS MATERIALIZED (
  SELECT run, node, n, t, kind, peer, data,
    lead(kind) OVER peer AS next_kind, lead(t) OVER peer AS next_t,
    lead(data) OVER peer AS next_data
  FROM events
  WHERE kind IN ('heartbeat.sent', 'heartbeat.answered', 'heartbeat.missed')
  WINDOW peer AS (PARTITION BY run, node, peer ORDER BY n)
)
SELECT s.run, s.node, p.node AS peer_node, s.peer, s.t AS sent_t,
  (s.t - r.began_t) / 1e6 AS sent_s,
  CASE s.next_kind
    WHEN 'heartbeat.answered' THEN 'answered' WHEN 'heartbeat.missed' THEN 'missed'
  END AS outcome,
  iif(s.next_kind <> 'heartbeat.sent', (s.next_t - s.t) / 1e6, NULL) AS delay,
  iif(s.next_kind = 'heartbeat.missed', s.next_data ->> 'misses', NULL) AS misses,
  iif(s.next_kind = 'heartbeat.missed', s.next_data ->> 'reason', NULL) AS reason
FROM steps s JOIN runs r ON r.run = s.run
  LEFT JOIN nodes p ON p.run = s.run AND p.address = s.peer
WHERE s.kind = 'heartbeat.sent';
