-- check: the-dead-leave-every-table
-- promise: Who dies leaves every live peer's table in time, and nobody who is dead enters one.
-- networks: kptp
-- severity: error
-- witnesses: 1
-- too-few: no peer died while it stood in the table of one that lived on, or the run ended before
--   it was due
-- asked-if: (SELECT count(*) FROM planned_nodes WHERE role = 'kptp-peer' OR options IS NULL) > 1
-- not-asked: there is no second peer
-- asked-if: EXISTS (SELECT 1 FROM planned_deaths WHERE role = 'kptp-peer' OR options IS NULL)
-- not-asked: no peer is killed, stopped or frozen

-- A row for each of the dead and each table that it left too late or never, or entered. In time:
-- the heartbeats that must go missing, and a second (kptp_deadlines.leave_within). Time in which
-- the host was overloaded does not count.
SELECT d.dead, d.cause, round(d.death_s, 3) AS died_s, d.node AS peer,
  round(d.since_s, 3) AS since_s, round(d.due_s, 3) AS due_s, round(d.until_s, 3) AS left_s,
  iif(d.entered_dead, 'it entered dead', 'it stayed') AS problem,
  (SELECT 'the host was overloaded for ' || round(sum(lost) / 1e6, 1) || ' s meanwhile'
    FROM (
      SELECT min(to_t, coalesce(d.until_t, stopping_t)) - max(from_t, d.death_t) AS lost
      FROM overloads, runs)
    WHERE lost > 0
    HAVING sum(lost) > coalesce(d.until_t, (SELECT stopping_t FROM runs)) - d.due_t) AS excuse
FROM dead_entries d
WHERE d.judged AND (d.entered_dead OR d.until_t IS NULL OR d.until_t > d.due_t)
ORDER BY d.death_t, d.dead, d.node;

SELECT count(*) FROM dead_entries WHERE judged;
