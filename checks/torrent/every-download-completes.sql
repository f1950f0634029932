-- check: every-download-completes
-- promise: Every client that is there to the end gets its file, where live clients have all of it and a tracker lives.
-- networks: torrent
-- severity: error
-- witnesses: 1
-- too-few: no live client could have got its file from others, or the run ended before it was due

-- A row for each client that does not have its file in time. In time: the patience with dead and slow
-- owners, twice, and the bytes that everybody fetches (torrent_deadlines.finish_within), counted from
-- the last disturbance. Time in which the host was overloaded does not count.
WITH
missed AS (
  SELECT d.*, coalesce(d.completed_t, r.stopping_t) AS end_t FROM download_duties d JOIN runs r
  WHERE d.judged AND NOT d.fulfilled AND d.by = 'tracker'
)
SELECT node AS client, round(since_s, 3) AS since_s, round(deadline_s, 3) AS due_s,
  round(completed_s, 3) AS completed_s,
  (SELECT 'the host was overloaded for ' || round(sum(lost) / 1e6, 1) || ' s meanwhile'
    FROM (SELECT min(to_t, end_t) - max(from_t, since_t) AS lost FROM overloads)
    WHERE lost > 0
    HAVING sum(lost) > end_t - deadline_t) AS excuse
FROM missed
ORDER BY node;

SELECT count(*) FROM download_duties WHERE judged AND by = 'tracker';
