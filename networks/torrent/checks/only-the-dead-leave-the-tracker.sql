-- check: only-the-dead-leave-the-tracker
-- promise: A tracker forgets no client that is there.
-- networks: torrent
-- severity: error
-- witnesses: 1
-- too-few: no client announced itself to a tracker
-- asked-if: (SELECT count(*) FROM planned_nodes WHERE role = 'torrent-client' OR options IS NULL) >
--   0
-- not-asked: there is no client
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes WHERE role = 'torrent-tracker' OR options IS NULL)
-- not-asked: there is no tracker

-- A row for each client that was forgotten though it was there for the whole time of the ping that
-- it is said not to have answered, and though nothing separated the two. Time in which the host was
-- overloaded does not count. Two nodes' times may differ (clock_skews).
WITH
skews AS MATERIALIZED (SELECT most AS skew FROM clock_skews),
forgotten AS MATERIALIZED (
  SELECT e.node AS tracker, c.node AS client, e.t, e.data ->> 'reason' AS reason,
    e.t + skew AS until_t, e.t - (t.options ->> 'ping-timeout') - skew AS asked_t
  FROM events e JOIN skews JOIN nodes t ON t.node = e.node JOIN nodes c ON c.address = e.peer
  WHERE e.kind = 'owner.forgotten'
)
SELECT client, tracker, round((f.t - r.began_t) / 1e6, 3) AS forgotten_s, f.reason,
  (SELECT 'the host was overloaded meanwhile' FROM overloads o
    WHERE o.from_t <= f.t AND o.to_t >= f.asked_t LIMIT 1) AS excuse
FROM forgotten f JOIN runs r
WHERE (r.stopping_t IS NULL OR f.t < r.stopping_t)
  AND NOT EXISTS (
    SELECT 1 FROM deaths d
    WHERE d.node IN (f.client, f.tracker) AND d.t <= f.until_t
      AND coalesce(d.back_t, 9e18) >= f.asked_t)
  AND NOT EXISTS (
    SELECT 1 FROM faults x JOIN fault_sides p ON p.fault = x.fault AND p.node = f.client
    WHERE x.applied_t <= f.until_t AND coalesce(x.healed_t, 9e18) >= f.asked_t)
ORDER BY f.t, client;

SELECT count(DISTINCT peer) FROM events WHERE kind = 'owner.announced';
