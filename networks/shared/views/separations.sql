-- view: separations
-- summary: A time in which a fault on the network kept nodes on its two sides (`fault_sides`)
--   apart for all that their protocol can know: a partition, loss or limited bandwidth, in one
--   direction or both, or a latency that adds a quarter of the shortest time for an answer, or
--   more.
-- column: run: the run
-- column: fault: the fault's number in the plan
-- column: action: `partition`, `loss`, `bandwidth` or `latency`
-- column: from_t: when it began
-- column: from_s
-- column: to_t: when it ended; NULL: never
-- column: to_s

SELECT f.run, f.fault, f.action,
  f.applied_t AS from_t, (f.applied_t - r.began_t) / 1e6 AS from_s,
  f.healed_t AS to_t, (f.healed_t - r.began_t) / 1e6 AS to_s
FROM faults f JOIN runs r ON r.run = f.run
WHERE f.applied_t IS NOT NULL
  AND (f.action IN ('partition', 'loss', 'bandwidth')
    OR f.action = 'latency' AND 4 * f.latency >= (
    SELECT min(a.shortest) FROM answer_times a WHERE a.run = f.run));
