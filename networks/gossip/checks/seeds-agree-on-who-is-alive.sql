-- check: seeds-agree-on-who-is-alive
-- promise: When the run ends, each seed lists the live peers that have not left it, and no dead
--   one.
-- networks: gossip
-- severity: error
-- witnesses: 1
-- too-few: no live seed knew a peer whose state was settled when the run was stopped
-- asked-if: (SELECT count(*) FROM planned_nodes WHERE role = 'gossip-peer' OR options IS NULL) > 0
-- not-asked: there is no peer

-- A row for each seed and peer that the seed has wrong. Time in which the host was overloaded does
-- not count.
SELECT b.peer, iif(b.alive, 'alive', 'dead') AS in_fact, round(b.death_s, 3) AS died_s, b.seed,
  iif(b.listed, 'listed', 'not listed') AS believed, round(b.since_s, 3) AS since_s,
  (SELECT 'the host was overloaded for ' || round(sum(lost) / 1e6, 1) || ' s meanwhile'
    FROM (SELECT min(to_t, stopping_t) - max(from_t, b.from_t) AS lost FROM overloads, runs)
    WHERE lost > 0
    HAVING sum(lost) > (SELECT stopping_t FROM runs) - b.due_t) AS excuse
FROM settled_beliefs b
WHERE b.listed <> b.alive
ORDER BY b.peer, b.seed;

SELECT count(*) FROM settled_beliefs;
