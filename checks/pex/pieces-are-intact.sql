-- check: pieces-are-intact
-- promise: What counts as a piece has the SHA-256 that was asked for.
-- networks: pex
-- severity: error
-- witnesses: 1
-- too-few: no piece was taken from another node

-- A row for each node and piece that was taken although its bytes are others.
SELECT node, substr(hash, 1, 16) AS piece, substr(content, 1, 16) AS found, giver,
  round(held_s, 3) AS taken_s
FROM pieces
WHERE content <> hash
ORDER BY held_t, node, hash;

SELECT count(*) FROM pieces WHERE content IS NOT NULL;
