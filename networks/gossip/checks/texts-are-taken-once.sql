-- check: texts-are-taken-once
-- promise: A peer takes each text once in a life, and never its own.
-- networks: gossip
-- severity: error
-- witnesses: 1
-- too-few: no text reached a peer
-- asked-if: (SELECT count(*) FROM planned_nodes WHERE role = 'gossip-peer' OR options IS NULL) > 1
-- not-asked: there is no second peer
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'gossip-count' > 0 OR options IS NULL)
-- not-asked: no peer has a text to send

-- A row for each peer and text that it took again, though it must have known it.
SELECT node AS peer, message AS text, count(*) AS again, round(min(known_s), 3) AS first_s,
  round(min(taken_s), 3) AS again_s, round(max(taken_s), 3) AS last_s
FROM gossip_repeats
GROUP BY node, message
ORDER BY min(taken_t), node, message;

SELECT count(*) FROM gossip_deliveries;
