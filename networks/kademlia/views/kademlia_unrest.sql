-- view: kademlia_unrest
-- summary: A time in which a fault on a Kademlia network, or what it left behind, may keep nodes
--   apart.
-- column: run: the run
-- column: from_t: when the fault began, by the clock that is furthest behind
-- column: from_s
-- column: until_t: the longest `kademlia_deadlines.heal_within` after it ended; NULL: it never
--   did
-- column: until_s

SELECT f.run, f.applied_t - k.of_one AS from_t,
  (f.applied_t - k.of_one - r.began_t) / 1e6 AS from_s,
  f.healed_t + h.within AS until_t,
  (f.healed_t + h.within - r.began_t) / 1e6 AS until_s
FROM faults f JOIN runs r ON r.run = f.run JOIN clock_skews k ON k.run = f.run
  JOIN (SELECT run, max(heal_within) AS within FROM kademlia_deadlines GROUP BY run) h
    ON h.run = f.run
WHERE f.applied_t IS NOT NULL AND f.action IN ('partition', 'loss', 'latency', 'bandwidth');
