-- check: seeds-agree-on-who-is-alive
-- promise: When the run ends, each seed lists the live peers that it knows, and no dead one.
-- networks: gossip
-- severity: error
-- witnesses: 1
-- too-few: no live seed knew a peer whose state was settled when the run was stopped

-- A row for each seed and peer that the seed has wrong.
SELECT b.seed, b.peer, iif(b.listed, 'listed', 'not listed') AS believed,
  round(b.since_s, 3) AS since_s, iif(b.alive, 'alive', 'dead') AS in_fact,
  (SELECT 'the host was overloaded from ' || round(min(o.from_s), 1) || ' s'
    FROM overloads o WHERE o.to_t > b.settled_t
    HAVING count(*) > 0) AS excuse
FROM settled_beliefs b
WHERE b.listed <> b.alive
ORDER BY b.peer, b.seed;

SELECT count(*) FROM settled_beliefs;
