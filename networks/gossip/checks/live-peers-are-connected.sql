-- check: live-peers-are-connected
-- promise: When the run ends, links lead from each live peer to every other.
-- networks: gossip
-- severity: error
-- witnesses: 2
-- too-few: fewer than two peers lived, or one died, came back, started or was separated from others
--   shortly before the end
-- asked-if: (SELECT count(*) FROM planned_nodes WHERE role = 'gossip-peer' OR options IS NULL) > 1
-- not-asked: there is no second peer
-- asked-if: (SELECT max(stays - 1000000 - (options ->> 'answer-timeout')
--     - (options ->> 'liveness-misses' + 1) * (options ->> 'liveness-interval')
--     - 2 * (options ->> 'relink-interval'))
--   FROM planned_nodes WHERE role = 'gossip-peer') > 0
-- not-asked: the run is shorter than its peers' gossip_deadlines.repair_within

-- A row for each peer that no chain of links joins with the best-linked one.
SELECT g.node AS peer, g.neighbours, 'no path from ' || g.start AS problem,
  (SELECT count(*) FROM final_graph WHERE connected) AS peers_there,
  (SELECT 'the host was overloaded for ' || round(sum(lost) / 1e6, 1) || ' s before the end'
    FROM (SELECT min(to_t, stopping_t) - max(from_t, g.settled_t) AS lost FROM overloads, runs)
    WHERE lost > 0
    HAVING count(*) > 0) AS excuse
FROM final_graph g
WHERE g.settled AND NOT g.connected
ORDER BY g.node;

SELECT count(*) FROM final_graph WHERE settled;
