-- check: the-dht-carries-on-without-the-tracker
-- promise: When no tracker is left, every client with the DHT gets its file, where live clients
--   with the DHT have all of it.
-- networks: torrent
-- severity: error
-- witnesses: 1
-- too-few: a tracker lived to the end, nobody used the DHT, or the run ended before a file was due
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes WHERE options ->> 'dht' OR options IS NULL)
-- not-asked: no client uses the DHT
-- asked-if: NOT EXISTS (SELECT 1 FROM planned_nodes
--   WHERE role = 'torrent-tracker' AND node NOT IN (SELECT node FROM planned_deaths))
-- not-asked: a tracker is there to the end

-- A row for each client that does not have its file in time
-- (torrent_deadlines.finish_by_dht_within,
-- counted from the last disturbance). Time in which the host was overloaded does not count.
SELECT node AS client, round(since_s, 3) AS since_s, round(deadline_s, 3) AS due_s,
  round(completed_s, 3) AS completed_s, excuse
FROM late_downloads
WHERE by = 'dht'
ORDER BY node;

SELECT count(*) FROM download_duties WHERE judged AND by = 'dht';
