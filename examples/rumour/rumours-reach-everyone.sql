-- check: rumours-reach-everyone
-- promise: Who is there hears every rumour within two seconds.
-- networks: rumour
-- severity: error
-- witnesses: 50
-- too-few: hardly anybody started a rumour while others were there
-- asked-if: (SELECT count(*) FROM planned_nodes) > 1
-- not-asked: there is nobody to tell

WITH due AS (
  -- Every rumour with everybody who had two seconds to hear it, and was never away meanwhile. A cut
  -- is over a moment before that is on record, or after.
  SELECT e.data ->> 'rumour' AS rumour, e.node AS teller, n.node AS hearer, e.t
  FROM events e JOIN nodes n ON n.node <> e.node AND n.ready_t IS NOT NULL
  WHERE e.kind = 'rumour.started' AND e.t > (SELECT began_t FROM runs)
    AND e.t + 2e6 < (SELECT stopping_t FROM runs)
    AND NOT EXISTS (
      SELECT 1 FROM deaths d
      WHERE d.node IN (n.node, e.node) AND d.t < e.t + 2e6 AND coalesce(d.back_t, 1e18) > e.t)
    AND NOT EXISTS (
      SELECT 1 FROM separations s
      WHERE s.from_t < e.t + 2e6 AND coalesce(s.to_t, 1e18) > e.t - 2e5)
)
SELECT hearer, rumour, teller, (t - (SELECT began_t FROM runs)) / 1e6 AS started_s,
  (SELECT 'the host was overloaded' FROM overloads o
   WHERE o.from_t < due.t + 2e6 AND o.to_t > due.t LIMIT 1) AS excuse
FROM due
WHERE NOT EXISTS (
  SELECT 1 FROM events h
  WHERE h.kind = 'rumour.heard' AND h.node = due.hearer AND h.data ->> 'rumour' = due.rumour
    AND h.t < due.t + 2e6);

SELECT count(*)
FROM events e JOIN nodes n ON n.node <> e.node AND n.ready_t IS NOT NULL
WHERE e.kind = 'rumour.started' AND e.t > (SELECT began_t FROM runs)
  AND e.t + 2e6 < (SELECT stopping_t FROM runs)
  AND NOT EXISTS (
    SELECT 1 FROM deaths d
    WHERE d.node IN (n.node, e.node) AND d.t < e.t + 2e6 AND coalesce(d.back_t, 1e18) > e.t)
  AND NOT EXISTS (
    SELECT 1 FROM separations s
    WHERE s.from_t < e.t + 2e6 AND coalesce(s.to_t, 1e18) > e.t - 2e5);
