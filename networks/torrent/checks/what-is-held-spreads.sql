-- check: what-is-held-spreads
-- promise: What any live client has of a file, every other gets, whether all of it is left or not.
-- networks: torrent
-- severity: error
-- witnesses: 1
-- too-few: nobody missed anything that others had after the last disturbance, or the run ended
--   before it was due
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'complete' OR options ->> 'torrent' <> '' OR options IS NULL)
-- not-asked: no client has the file
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes WHERE NOT options ->> 'complete' OR options IS
--   NULL)
-- not-asked: no client lacks the file
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes WHERE role = 'torrent-tracker' OR options IS NULL)
-- not-asked: there is no tracker

-- A row for each client that lacks chunks in the end which others had since the last disturbance
-- (torrent_deadlines.finish_within). Time in which the host was overloaded does not count.
SELECT node AS client, missing, chunks AS wanted, round(since_s, 3) AS since_s,
  round(deadline_s, 3) AS due_s,
  (SELECT 'the host was overloaded for ' || round(sum(lost) / 1e6, 1) || ' s meanwhile'
    FROM (SELECT min(to_t, r.stopping_t) - max(from_t, since_t) AS lost FROM overloads)
    WHERE lost > 0
    HAVING sum(lost) > r.stopping_t - deadline_t) AS excuse
FROM spread_duties JOIN runs r
WHERE judged AND missing > 0
ORDER BY node;

SELECT count(*) FROM spread_duties WHERE judged;
