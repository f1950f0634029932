-- check: lookups-converge
-- promise: A query gets as far as the closest node to its key that answers in time.
-- networks: hyperdht
-- severity: error
-- witnesses: 1
-- too-few: no query came to its end
-- asked-if: (SELECT count(*) FROM planned_nodes WHERE role LIKE 'hyperdht-%' OR options IS NULL)
--   > 1
-- not-asked: there is no second node
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'announce' <> '' OR options ->> 'announce-count' > 0
--   OR options ->> 'unannounce' <> '' OR options ->> 'lookup-count' > 0 OR options ->> 'lookup' <>
--   ''
--     OR options ->> 'connect' <> '' OR options IS NULL)
-- not-asked: no node announces a key or looks one up

-- A row for each query that ended although closer nodes were there, more than those that it asked
-- in vain (the dead, and who was silent). Not judged: nodes in the first two seconds of their
-- lives, and queries while the network was disturbed or some node was frozen, or an announcement's
-- lifetime afterwards. Two nodes' times may differ (clock_skews).
WITH
times AS MATERIALIZED (
  SELECT max(options ->> 'announcement-lifetime') AS lifetime FROM nodes
),
skews AS MATERIALIZED (SELECT most AS skew FROM clock_skews),
disturbed AS MATERIALIZED (
  SELECT t - skew AS from_t, coalesce(back_t, 9e18) AS to_t FROM deaths JOIN skews
  WHERE cause = 'frozen'
  UNION ALL
  SELECT applied_t - skew, coalesce(healed_t, 9e18) FROM faults JOIN skews
  WHERE action IN ('partition', 'loss', 'latency', 'bandwidth') AND applied_t IS NOT NULL
),
living AS MATERIALIZED (
  SELECT node, place, started_t + 2000000 + skew AS from_t, coalesce(gone_t, 9e18) - skew AS to_t
  FROM hyperdht_nodes JOIN skews
),
-- SQLite has no exclusive or: it is what is in one of two numbers without what is in both.
judged AS MATERIALIZED (
  SELECT *, iif(closest < 0, 9e18, (closest | place) - (closest & place)) AS distance
  FROM peer_queries l JOIN times
  WHERE NOT EXISTS (
    SELECT 1 FROM disturbed d
    WHERE d.from_t <= l.finished_t AND d.to_t + lifetime >= l.started_t)
),
failed AS (
  SELECT l.*, count(*) AS closer, min(n.node) AS one_of_them
  FROM judged l JOIN living n
    ON n.node <> l.node AND n.from_t <= l.started_t AND n.to_t > l.finished_t
      AND (n.place | l.place) - (n.place & l.place) < l.distance
  GROUP BY l.node, l.life, l.query
  HAVING closer > l.missed
)
SELECT node, purpose, key, closer, one_of_them, round(started_s, 3) AS started_s, answered, missed,
  (SELECT 'the host was overloaded for ' || round(sum(lost) / 1e6, 1) || ' s before'
    FROM (SELECT min(to_t, finished_t) - max(from_t, started_t - lifetime) AS lost FROM overloads)
    WHERE lost > 0
    HAVING count(*) > 0) AS excuse
FROM failed
ORDER BY started_t, node;

SELECT count(*) FROM peer_queries;
