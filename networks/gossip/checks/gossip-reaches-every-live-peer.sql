-- check: gossip-reaches-every-live-peer
-- promise: A text reaches every peer that had a link when it was sent and lives on.
-- networks: gossip
-- severity: error
-- witnesses: 1
-- too-few: no text was sent to a linked peer, or the run ended before one was due
-- asked-if: (SELECT count(*) FROM planned_nodes WHERE role = 'gossip-peer' OR options IS NULL) > 1
-- not-asked: there is no second peer
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'gossip-count' > 0 OR options IS NULL)
-- not-asked: no peer has a text to send

-- A row for each peer and text that did not come, or came too late. The deadline leaves time to
-- find a dead neighbour on the way, to link anew and to catch up (gossip_deadlines.gossip_within);
-- after a separation it is the end of the unrest.
-- Time in which the host was overloaded does not count.
WITH
missed AS (
  SELECT a.*, coalesce(a.received_t, r.stopping_t) AS end_t FROM gossip_audience a JOIN runs r
  WHERE a.judged AND NOT a.reached
)
SELECT node AS peer, message AS text, origin, round(sent_s, 3) AS sent_s,
  round(deadline_s, 3) AS due_s, round(received_s, 3) AS received_s,
  (SELECT 'the host was overloaded for ' || round(sum(lost) / 1e6, 1) || ' s meanwhile'
    FROM (SELECT min(to_t, end_t) - max(from_t, sent_t) AS lost FROM overloads)
    WHERE lost > 0
    HAVING sum(lost) > end_t - deadline_t) AS excuse
FROM missed
ORDER BY sent_t, message, node;

SELECT count(*) FROM gossip_audience WHERE judged;
