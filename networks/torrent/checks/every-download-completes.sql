-- check: every-download-completes
-- promise: Every client that is there to the end gets its file, where live clients have all of it
--   and a tracker lives.
-- networks: torrent
-- severity: error
-- witnesses: 1
-- too-few: no live client could have got its file from others, or the run ended before it was due
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'complete' OR options ->> 'torrent' <> '' OR options IS NULL)
-- not-asked: no client has the file
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes WHERE role = 'torrent-tracker' OR options IS NULL)
-- not-asked: there is no tracker

-- A row for each client that does not have its file in time. In time: the patience with dead and
-- slow owners, twice, and the bytes that everybody fetches (torrent_deadlines.finish_within),
-- counted from the last disturbance. Time in which the host was overloaded does not count.
SELECT node AS client, round(since_s, 3) AS since_s, round(deadline_s, 3) AS due_s,
  round(completed_s, 3) AS completed_s, excuse
FROM late_downloads
WHERE by = 'tracker'
ORDER BY node;

SELECT count(*) FROM download_duties WHERE judged AND by = 'tracker';
