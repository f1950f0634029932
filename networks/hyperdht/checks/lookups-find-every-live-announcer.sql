-- check: lookups-find-every-live-announcer
-- promise: Who looks a key up finds every node that has announced it, is there and has not taken it
--   back.
-- networks: hyperdht
-- severity: error
-- witnesses: 1
-- too-few: nobody looked up a key that somebody else had announced
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'announce' <> '' OR options ->> 'announce-count' > 0 OR options IS NULL)
-- not-asked: no node announces a key
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'lookup-count' > 0 OR options ->> 'lookup' <> ''
--     OR options ->> 'connect' <> '' OR options IS NULL)
-- not-asked: no node looks a key up

-- A row for each lookup and announcer that it missed. Not judged: announcers and lookups of nodes
-- that were away for a part of the announcement's lifetime before, and lookups while the network
-- was disturbed or an announcement's lifetime afterwards.
WITH
times AS MATERIALIZED (
  SELECT max(options ->> 'announcement-lifetime') AS lifetime FROM nodes
),
-- How far two nodes' times may differ.
skews AS MATERIALIZED (SELECT most AS skew FROM clock_skews),
frozen AS MATERIALIZED (
  SELECT node, t - skew AS from_t, coalesce(back_t, 9e18) AS to_t FROM deaths JOIN skews
  WHERE cause = 'frozen'
),
disturbed AS MATERIALIZED (
  SELECT applied_t - skew AS from_t, coalesce(healed_t, 9e18) AS to_t FROM faults JOIN skews
  WHERE action IN ('partition', 'loss', 'latency', 'bandwidth') AND applied_t IS NOT NULL
),
known AS MATERIALIZED (
  SELECT node, key, announced_t + skew AS announced_t,
    min(coalesce(withdrawn_t, 9e18), coalesce(gone_t, 9e18)) - skew AS until_t
  FROM announcements JOIN skews WHERE announced_t IS NOT NULL
),
judged AS MATERIALIZED (
  SELECT l.node, l.life, l.query, l.key, l.started_t, l.started_s, l.finished_t, l.answered,
    a.node AS announcer
  FROM peer_queries l JOIN times JOIN known a
    ON a.key = l.key AND a.node <> l.node AND a.announced_t <= l.started_t
      AND a.until_t > l.finished_t
  WHERE l.purpose = 'lookup'
    AND NOT EXISTS (
      SELECT 1 FROM frozen f
      WHERE f.node IN (a.node, l.node) AND f.from_t <= l.finished_t
        AND f.to_t + lifetime >= l.started_t)
    AND NOT EXISTS (
      SELECT 1 FROM disturbed d
      WHERE d.from_t <= l.finished_t AND d.to_t + lifetime >= l.started_t)
)
SELECT j.node, j.key, j.announcer, round(j.started_s, 3) AS started_s, j.answered,
  (SELECT 'the host was overloaded for ' || round(sum(lost) / 1e6, 1) || ' s before'
    FROM (
      SELECT min(to_t, j.finished_t) - max(from_t, j.started_t - (SELECT lifetime FROM times))
        AS lost
      FROM overloads)
    WHERE lost > 0
    HAVING count(*) > 0) AS excuse
FROM judged j
WHERE (j.node, j.life, j.query, j.announcer) NOT IN (
  SELECT node, life, query, peer_node FROM found_peers WHERE peer_node IS NOT NULL)
ORDER BY j.started_t, j.node, j.announcer;

SELECT count(*) FROM peer_queries l JOIN announcements a
  ON a.key = l.key AND a.node <> l.node AND a.announced_t <= l.started_t
    AND coalesce(a.withdrawn_t, 9e18) > l.finished_t AND coalesce(a.gone_t, 9e18) > l.finished_t
WHERE l.purpose = 'lookup';
