-- check: everybody-learns-of-everybody
-- promise: Two live nodes know each other in time, and do not forget each other.
-- networks: pex
-- severity: error
-- witnesses: 2
-- too-few: no two nodes lived side by side for long enough
-- asked-if: (SELECT count(*) FROM planned_nodes WHERE role = 'pex-peer' OR options IS NULL) > 1
-- not-asked: there is no second peer
-- asked-if: (SELECT max(stays - 1000000 - 2 * (options ->> 'exchange-interval')
--     - (options ->> 'dial-timeout'))
--   FROM planned_nodes WHERE role = 'pex-peer') > 0
-- not-asked: the run is shorter than its peers' pex_deadlines.learn_within

-- A row for each node that did not know a live other at the deadline: two exchange intervals, a
-- dial and a second after both were there (pex_deadlines.learn_within). Time in which the host was
-- overloaded does not count. What programs know is not judged: they log nothing of it.
SELECT a.node, a.peer_node AS does_not_know, round(a.since_s, 3) AS since_s,
  round(a.deadline_s, 3) AS due_s,
  (SELECT round(min(k.learned_s), 3) FROM known_peers k
    WHERE k.node = a.node AND k.peer_node = a.peer_node AND k.learned_t > a.deadline_t) AS late_s,
  (SELECT 'the host was overloaded for ' || round(sum(lost) / 1e6, 1) || ' s meanwhile'
    FROM (SELECT min(to_t, a.deadline_t) - max(from_t, a.since_t) AS lost FROM overloads)
    WHERE lost > 0
    HAVING count(*) > 0) AS excuse
FROM acquaintances a
WHERE NOT a.fulfilled
ORDER BY a.deadline_t, a.node, a.peer_node;

SELECT count(*) FROM acquaintances;
