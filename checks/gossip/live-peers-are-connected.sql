-- check: live-peers-are-connected
-- promise: When the run ends, links lead from each live peer to every other.
-- networks: gossip
-- severity: error
-- witnesses: 2
-- too-few: fewer than two peers lived, or one died, came back or started shortly before the end

-- A row for each peer that no chain of links joins with the best-linked one.
SELECT g.node AS peer, g.neighbours, 'no path from ' || g.start AS problem,
  (SELECT count(*) FROM final_graph WHERE connected) AS peers_there,
  (SELECT 'the host was overloaded from ' || round(min(o.from_s), 1) || ' s'
    FROM overloads o WHERE o.to_t > g.settled_t
    HAVING count(*) > 0) AS excuse
FROM final_graph g
WHERE g.settled AND NOT g.connected
ORDER BY g.node;

SELECT count(*) FROM final_graph WHERE settled;
