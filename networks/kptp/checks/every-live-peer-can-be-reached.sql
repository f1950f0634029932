-- check: every-live-peer-can-be-reached
-- promise: When the run ends, steps towards its ID lead from each live peer to every other.
-- networks: kptp
-- severity: error
-- witnesses: 2
-- too-few: fewer than two peers lived, or one died, came back, started or was separated from others
--   shortly before the end
-- asked-if: (SELECT count(*) FROM planned_nodes WHERE role = 'kptp-peer' OR options IS NULL) > 1
-- not-asked: there is no second peer
-- asked-if: (SELECT max(stays - 1000000 - 4 * (options ->> 'heartbeat-interval')
--     - (options ->> 'heartbeat-misses')
--       * (options ->> 'heartbeat-interval' + options ->> 'heartbeat-timeout'))
--   FROM planned_nodes WHERE role = 'kptp-peer') > 0
-- not-asked: the run is shorter than its peers' kptp_deadlines.route_within

-- A row for each peer from which some cannot be reached. A way that only the dead block is the
-- matter of the-dead-leave-every-table.
SELECT w.node AS peer, count(*) AS unreached, min(w.target) AS one_of_them, w.last AS stuck_at,
  (SELECT 'the host was overloaded for ' || round(sum(lost) / 1e6, 1) || ' s before the end'
    FROM (SELECT min(to_t, stopping_t) - max(from_t, w.settled_t) AS lost FROM overloads, runs)
    WHERE lost > 0
    HAVING count(*) > 0) AS excuse
FROM final_routes w
WHERE w.settled AND NOT w.reached AND NOT w.blocked
GROUP BY w.node
ORDER BY w.node;

SELECT count(*) FROM final_routes WHERE settled AND NOT blocked;
