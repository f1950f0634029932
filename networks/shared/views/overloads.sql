-- view: overloads
-- summary: A stretch of the run, from one of the supervisor's samples to the next, due each
--   second, in which who wanted to go on waited for a processor for a tenth of a second or more:
--   a node (`lateness`), or the supervisor. Neither is believed unless the host says so too: at
--   least 95% busy, or tasks that waited for half of that time.
-- column: run: the run
-- column: from_t: the sample before
-- column: from_s
-- column: to_t: the sample
-- column: to_s
-- column: host_busy: permille of all cores
-- column: pressure: permille of the time in which some task waited for a processor; NULL:
--   unknown
-- column: runnable: tasks that ran or waited for a processor at `to_t`; NULL: unknown
-- column: supervisor_late: how late the supervisor woke up, at most, in microseconds
-- column: nodes_late: how late a node woke up, at most, in microseconds; NULL: none was

WITH
-- Where nobody has measured it, the supervisor was as late as its sample.
samples AS (
  SELECT run, lag(t) OVER (PARTITION BY run ORDER BY t) AS from_t, t AS to_t, host_busy,
    pressure, runnable,
    coalesce(late, t - lag(t) OVER (PARTITION BY run ORDER BY t) - 1000000) AS late
  FROM usage
),
stretches AS (
  SELECT s.run, s.from_t, s.to_t, s.host_busy, s.pressure, s.runnable,
    s.late AS supervisor_late, max(l.late) AS nodes_late,
    max(s.late, coalesce(max(l.late), 0)) AS late
  FROM samples s LEFT JOIN lateness l
    ON l.run = s.run AND l.second BETWEEN s.from_t / 1000000 AND s.to_t / 1000000
      AND l.from_t < s.to_t AND l.to_t > s.from_t
  GROUP BY s.run, s.to_t
)
SELECT o.run, o.from_t, (o.from_t - r.began_t) / 1e6 AS from_s,
  o.to_t, (o.to_t - r.began_t) / 1e6 AS to_s, o.host_busy, o.pressure, o.runnable,
  o.supervisor_late, o.nodes_late
FROM stretches o JOIN runs r ON r.run = o.run
WHERE o.from_t IS NOT NULL AND o.late >= 100000
  AND (o.host_busy >= 950
    OR 2 * o.pressure * (o.to_t - o.from_t) / 1000 >= min(o.late, o.to_t - o.from_t))
  AND (r.stopping_t IS NULL OR o.from_t < r.stopping_t);
