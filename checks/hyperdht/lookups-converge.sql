-- check: lookups-converge
-- promise: A query gets as far as the node that is closest to its key.
-- networks: hyperdht
-- severity: error
-- witnesses: 1
-- too-few: no query came to its end

-- A row for each query that ended although a closer node was there. Not judged: nodes in the first
-- two seconds of their lives, and queries while the network was disturbed or some node was frozen,
-- or an announcement's lifetime afterwards.
WITH
times AS MATERIALIZED (
  SELECT max(options ->> 'announcement-lifetime') AS lifetime FROM nodes
),
judged AS MATERIALIZED (
  SELECT * FROM peer_queries l JOIN times
  WHERE NOT EXISTS (
      SELECT 1 FROM deaths d
      WHERE d.cause = 'frozen' AND d.t <= l.finished_t
        AND coalesce(d.back_t, 9e18) + lifetime >= l.started_t)
    AND NOT EXISTS (
      SELECT 1 FROM faults f
      WHERE f.action IN ('partition', 'loss', 'latency', 'bandwidth') AND f.applied_t <= l.finished_t
        AND coalesce(f.healed_t, 9e18) + lifetime >= l.started_t)
)
-- SQLite has no exclusive or: it is what is in one of two numbers without what is in both.
SELECT l.node, l.purpose, l.key, n.node AS closer, round(l.started_s, 3) AS started_s, l.answered,
  (SELECT 'the host was overloaded for ' || round(sum(lost) / 1e6, 1) || ' s before'
    FROM (
      SELECT min(to_t, l.finished_t) - max(from_t, l.started_t - l.lifetime) AS lost
      FROM overloads)
    WHERE lost > 0
    HAVING count(*) > 0) AS excuse
FROM judged l JOIN hyperdht_nodes n
  ON n.node <> l.node AND n.started_t + 2000000 <= l.started_t
    AND coalesce(n.gone_t, 9e18) > l.finished_t
WHERE l.closest < 0
  OR (n.place | l.place) - (n.place & l.place) < (l.closest | l.place) - (l.closest & l.place)
ORDER BY l.started_t, l.node;

SELECT count(*) FROM peer_queries;
