-- view: torrent_deadlines
-- summary: What the options of a run's torrent imply about the time that things take, in
--   microseconds. With a tracker's ping interval p and ping timeout o, and of the clients the
--   longest chunk timeout c, avoidance a, tracker timeout t, owners interval w, DHT interval d
--   and pace for all of its chunks q:
-- column: run: the run
-- column: forget_within: p + o + 1 s: from a client's death until the tracker has forgotten it
-- column: finish_within: 2 (c + a) + p + o + t + 2 w + q + 2 s, and a second for each 8 MiB that
--   all clients fetch: from the last disturbance until every file is complete that can be
-- column: finish_by_dht_within: `finish_within` + d + 15 s, without p and o: the same where only
--   the DHT is left

WITH
trackers AS (
  SELECT run, max((options ->> 'ping-interval') + (options ->> 'ping-timeout')) AS ping
  FROM nodes WHERE role = 'torrent-tracker' GROUP BY run
),
clients AS (
  SELECT run,
    2 * (max(options ->> 'chunk-timeout') + max(options ->> 'avoid-for'))
      + max(options ->> 'tracker-timeout') + 2 * max(options ->> 'owners-interval')
      + 2000000 AS patience, max(options ->> 'pace') AS pace,
    max(options ->> 'dht-interval') AS dht_interval
  FROM nodes WHERE role = 'torrent-client' GROUP BY run
),
fetched AS (
  SELECT run, sum(size) AS bytes, max(chunks) AS chunks FROM (
    SELECT run, node, max(size) AS size, max(chunks) AS chunks FROM downloads
    GROUP BY run, node
  ) GROUP BY run
)
SELECT c.run, t.ping + 1000000 AS forget_within,
  c.patience + c.pace * f.chunks + coalesce(t.ping, 0) + f.bytes * 1000000 / 8388608
    AS finish_within,
  c.patience + c.pace * f.chunks + f.bytes * 1000000 / 8388608 + c.dht_interval + 15000000
    AS finish_by_dht_within
FROM clients c JOIN fetched f ON f.run = c.run LEFT JOIN trackers t ON t.run = c.run;
