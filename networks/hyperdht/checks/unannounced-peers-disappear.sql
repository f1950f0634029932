-- check: unannounced-peers-disappear
-- promise: Nobody finds a peer under a key after the peer has taken its announcement back.
-- networks: hyperdht
-- severity: error
-- witnesses: 1
-- too-few: nobody looked up a key after its announcer had taken the announcement back
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'announce' <> '' OR options ->> 'announce-count' > 0 OR options IS NULL)
-- not-asked: no node announces a key
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'lookup-count' > 0 OR options ->> 'lookup' <> ''
--     OR options ->> 'connect' <> '' OR options IS NULL)
-- not-asked: no node looks a key up
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'announce-for' > 0 OR options ->> 'unannounce' <> '' OR options IS NULL)
-- not-asked: no node takes an announcement back

-- A row for each lookup that found such a peer. Not judged: nodes that announced the key again in
-- another life. Two nodes' clocks may differ.
WITH
skews AS MATERIALIZED (SELECT most AS skew FROM clock_skews)
SELECT l.node, l.key, a.node AS peer, round(a.withdrawn_s, 3) AS withdrawn_s,
  round(l.started_s, 3) AS started_s
FROM announcements a JOIN skews s
  JOIN found_peers f ON f.peer_node = a.node AND f.key = a.key
  JOIN peer_queries l ON l.node = f.node AND l.life = f.life AND l.query = f.query
WHERE l.started_t > a.taken_back_t + s.skew AND NOT EXISTS (
  SELECT 1 FROM announcements o WHERE o.node = a.node AND o.key = a.key AND o.life > a.life)
ORDER BY l.started_t, l.node;

SELECT count(*) FROM announcements a JOIN peer_queries l ON l.key = a.key
WHERE l.purpose = 'lookup' AND l.started_t > a.taken_back_t AND l.node <> a.node;
