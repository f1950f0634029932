-- check: the-dead-leave-the-tracker
-- promise: A tracker forgets a client that died, in time.
-- networks: torrent
-- severity: error
-- witnesses: 1
-- too-few: no client that a tracker knew died for long enough, or the run ended before it was due
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes WHERE role = 'torrent-tracker' OR options IS NULL)
-- not-asked: there is no tracker
-- asked-if: EXISTS (SELECT 1 FROM planned_deaths WHERE role = 'torrent-client' OR options IS NULL)
-- not-asked: no client is killed, stopped or frozen

-- A row for each dead client that a live tracker kept, or forgot too late: a ping's interval, its
-- timeout and a second (torrent_deadlines.forget_within). Time in which the host was overloaded
-- does not count.
WITH
kept AS (
  SELECT d.*, coalesce(d.forgotten_t, r.stopping_t) AS end_t FROM tracker_duties d JOIN runs r
  WHERE d.judged AND NOT d.fulfilled
)
SELECT client, node AS tracker, cause, round(death_s, 3) AS died_s, round(deadline_s, 3) AS due_s,
  round(forgotten_s, 3) AS forgotten_s,
  (SELECT 'the host was overloaded for ' || round(sum(lost) / 1e6, 1) || ' s meanwhile'
    FROM (SELECT min(to_t, end_t) - max(from_t, death_t) AS lost FROM overloads)
    WHERE lost > 0
    HAVING sum(lost) > end_t - deadline_t) AS excuse
FROM kept
ORDER BY death_t, client;

SELECT count(*) FROM tracker_duties WHERE judged;
