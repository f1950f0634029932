-- check: gossip-reaches-every-live-peer
-- promise: A text reaches every peer that had a link when it was sent and lives on.
-- networks: gossip
-- severity: error
-- witnesses: 1
-- too-few: no text was sent to a linked peer, or the run ended before one was due

-- A row for each peer and text that did not come, or came too late. The deadline leaves time to
-- find a dead neighbour on the way, to link anew and to catch up (gossip_deadlines.gossip_within).
SELECT a.node AS peer, a.message AS text, a.origin, round(a.sent_s, 3) AS sent_s,
  round(a.deadline_s, 3) AS due_s, round(a.received_s, 3) AS received_s,
  (SELECT 'the host was overloaded from ' || round(min(o.from_s), 1) || ' s'
    FROM overloads o WHERE o.to_t > a.sent_t AND o.from_t < a.deadline_t
    HAVING count(*) > 0) AS excuse
FROM gossip_audience a
WHERE a.judged AND NOT a.reached
ORDER BY a.sent_t, a.message, a.node;

SELECT count(*) FROM gossip_audience WHERE judged;
