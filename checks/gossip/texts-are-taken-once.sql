-- check: texts-are-taken-once
-- promise: A peer takes each text once in a life, and never its own.
-- networks: gossip
-- severity: error
-- witnesses: 1
-- too-few: no text reached a peer

-- A row for each peer and text that it took again, though it must have known it. A peer remembers
-- as many texts as its option max-remembered says, and after a restart none.
SELECT node AS peer, message AS text, count(*) AS again, round(min(known_s), 3) AS first_s,
  round(min(taken_s), 3) AS again_s, round(max(taken_s), 3) AS last_s
FROM gossip_takings
WHERE known_t IS NOT NULL
GROUP BY node, message
ORDER BY min(taken_t), node, message;

SELECT count(*) FROM gossip_takings WHERE NOT own;
