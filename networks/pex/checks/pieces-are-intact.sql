-- check: pieces-are-intact
-- promise: What counts as a piece has the SHA-256 that was asked for.
-- networks: pex
-- severity: error
-- witnesses: 1
-- too-few: no piece was taken from another node
-- asked-if: (SELECT count(*) FROM planned_nodes WHERE role = 'pex-peer' OR options IS NULL) > 1
-- not-asked: there is no second peer
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'have' > 0 OR options ->> 'share' <> '' OR options IS NULL)
-- not-asked: no peer has a piece
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'want' > 0 OR options ->> 'fetch' <> '' OR options IS NULL)
-- not-asked: no peer wants a piece

-- A row for each node and piece that was taken although its bytes are others.
SELECT node, substr(hash, 1, 16) AS piece, substr(content, 1, 16) AS found, giver,
  round(held_s, 3) AS taken_s
FROM pieces
WHERE content <> hash
ORDER BY held_t, node, hash;

SELECT count(*) FROM pieces WHERE content IS NOT NULL;
