-- view: late_downloads
-- summary: A client that must have had its file in time, as `download_duties` says, and had not.
-- column: run: the run
-- column: node: the client
-- column: by: of `download_duties`
-- column: since_s: of `download_duties`
-- column: deadline_s: of `download_duties`
-- column: completed_s: of `download_duties`
-- column: excuse: that the host was overloaded for longer than the client was late; NULL: it was
--   not

SELECT d.run, d.node, d.by, d.since_s, d.deadline_s, d.completed_s, (
  SELECT 'the host was overloaded for ' || round(sum(lost) / 1e6, 1) || ' s meanwhile'
  FROM (
    SELECT min(o.to_t, coalesce(d.completed_t, r.stopping_t)) - max(o.from_t, d.since_t)
      AS lost
    FROM overloads o WHERE o.run = d.run)
  WHERE lost > 0
  HAVING sum(lost) > coalesce(d.completed_t, r.stopping_t) - d.deadline_t) AS excuse
FROM download_duties d JOIN runs r ON r.run = d.run
WHERE d.judged AND NOT d.fulfilled;
