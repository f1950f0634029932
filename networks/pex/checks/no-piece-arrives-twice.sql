-- check: no-piece-arrives-twice
-- promise: Of the pieces that come, at most one in ten has come before.
-- networks: pex
-- severity: error
-- witnesses: 10
-- too-few: fewer than ten pieces came
-- asked-if: (SELECT count(*) FROM planned_nodes WHERE role = 'pex-peer' OR options IS NULL) > 1
-- not-asked: there is no second peer
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'have' > 0 OR options ->> 'share' <> '' OR options IS NULL)
-- not-asked: no peer has a piece
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'want' > 0 OR options ->> 'fetch' <> '' OR options IS NULL)
-- not-asked: no peer wants a piece

-- A row for each node to which pieces came twice, where the whole network exceeds its share: a
-- neighbour that was given up may answer after all, or go down halfway.
WITH
came AS (
  SELECT node, count(*) AS pieces, sum(verdict = 'twice') AS again
  FROM exchanges WHERE verdict IN ('taken', 'twice') GROUP BY node
)
SELECT node, pieces, again,
  (SELECT round(100.0 * sum(again) / sum(pieces), 1) FROM came) AS percent_of_all
FROM came
WHERE again > 0 AND (SELECT 10 * sum(again) > sum(pieces) FROM came)
ORDER BY again DESC, node;

SELECT count(*) FROM exchanges WHERE verdict IN ('taken', 'twice');
