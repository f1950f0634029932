-- check: live-nodes-form-one-network
-- promise: When the run ends, contacts lead from each live node to every other.
-- networks: kademlia
-- severity: error
-- witnesses: 2
-- too-few: fewer than two nodes lived, or one started or was cut off shortly before the end
-- asked-if: (SELECT count(*) FROM planned_nodes WHERE role = 'kademlia-node' OR options IS NULL)
--   > 1
-- not-asked: there is no second node
-- asked-if: (SELECT max(stays - 1000000 - (options ->> 'max-failures') * (options ->>
--   'rpc-timeout')
--     - (options ->> 'ping-interval' + options ->> 'refresh-interval') * 5 / 4
--     - 2 * (options ->> 'republish-interval' + options ->> 'join-retry'))
--   FROM planned_nodes WHERE role = 'kademlia-node') > 0
-- not-asked: the run is shorter than its nodes' kademlia_deadlines.heal_within

-- A row for each node that no chain of contacts joins with the best-known one.
SELECT g.node, g.contacts, 'no way from ' || g.start AS problem,
  (SELECT 'the host was overloaded for ' || round(sum(lost) / 1e6, 1) || ' s before the end'
    FROM (
      SELECT min(to_t, stopping_t) - max(from_t, stopping_t - within) AS lost
      FROM overloads, runs, (SELECT max(heal_within) AS within FROM kademlia_deadlines))
    WHERE lost > 0
    HAVING count(*) > 0) AS excuse
FROM routing_graph g
WHERE g.settled AND NOT g.connected
ORDER BY g.node;

SELECT count(*) FROM routing_graph WHERE settled;
