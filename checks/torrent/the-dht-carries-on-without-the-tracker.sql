-- check: the-dht-carries-on-without-the-tracker
-- promise: When no tracker is left, every client with the DHT gets its file, where live clients with the DHT have all of it.
-- networks: torrent
-- severity: error
-- witnesses: 1
-- too-few: a tracker lived to the end, nobody used the DHT, or the run ended before a file was due

-- A row for each client that does not have its file in time (torrent_deadlines.finish_by_dht_within,
-- counted from the last disturbance). Time in which the host was overloaded does not count.
WITH
missed AS (
  SELECT d.*, coalesce(d.completed_t, r.stopping_t) AS end_t FROM download_duties d JOIN runs r
  WHERE d.judged AND NOT d.fulfilled AND d.by = 'dht'
)
SELECT node AS client, round(since_s, 3) AS since_s, round(deadline_s, 3) AS due_s,
  round(completed_s, 3) AS completed_s,
  (SELECT 'the host was overloaded for ' || round(sum(lost) / 1e6, 1) || ' s meanwhile'
    FROM (SELECT min(to_t, end_t) - max(from_t, since_t) AS lost FROM overloads)
    WHERE lost > 0
    HAVING sum(lost) > end_t - deadline_t) AS excuse
FROM missed
ORDER BY node;

SELECT count(*) FROM download_duties WHERE judged AND by = 'dht';
