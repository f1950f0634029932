-- check: routing-converges
-- promise: When the run ends, the closest live peer of each bucket stands in every live peer's
--   table.
-- networks: kptp
-- severity: error
-- witnesses: 2
-- too-few: fewer than two peers lived, or one died, came back, started or was separated from others
--   shortly before the end
-- asked-if: (SELECT count(*) FROM planned_nodes WHERE role = 'kptp-peer' OR options IS NULL) > 1
-- not-asked: there is no second peer
-- asked-if: (SELECT max(stays - 1000000 - 8 * (options ->> 'heartbeat-interval')
--     - (options ->> 'heartbeat-misses')
--       * (options ->> 'heartbeat-interval' + options ->> 'heartbeat-timeout'))
--   FROM planned_nodes WHERE role = 'kptp-peer') > 0
-- not-asked: the run is shorter than its peers' kptp_deadlines.settle_within

-- A row for each bucket that is empty though a live peer belongs into it, or from which the closest
-- is missing. A bucket with the dead in it is the matter of the-dead-leave-every-table.
SELECT b.node AS peer, b.prefix AS bucket,
  iif(b.live_entries = 0, 'it is empty', 'a closer one than ' || b.nearest || ' lives') AS problem,
  (SELECT 'the host was overloaded for ' || round(sum(lost) / 1e6, 1) || ' s before the end'
    FROM (SELECT min(to_t, stopping_t) - max(from_t, b.settled_t) AS lost FROM overloads, runs)
    WHERE lost > 0
    HAVING count(*) > 0) AS excuse
FROM final_buckets b
WHERE b.settled AND b.dead_entries = 0 AND NOT b.closest
ORDER BY b.node, b.prefix;

SELECT count(*) FROM final_buckets WHERE settled AND dead_entries = 0;
