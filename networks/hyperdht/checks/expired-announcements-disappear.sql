-- check: expired-announcements-disappear
-- promise: Nobody finds a peer that has been gone for longer than announcements last.
-- networks: hyperdht
-- severity: error
-- witnesses: 1
-- too-few: nobody looked up a key so long after a node that had announced it was gone
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'announce' <> '' OR options ->> 'announce-count' > 0 OR options IS NULL)
-- not-asked: no node announces a key
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'lookup-count' > 0 OR options ->> 'lookup' <> ''
--     OR options ->> 'connect' <> '' OR options IS NULL)
-- not-asked: no node looks a key up
-- asked-if: EXISTS (SELECT 1 FROM planned_deaths WHERE action <> 'pause' AND (role =
--   'hyperdht-node' OR options IS NULL))
-- not-asked: no node is killed or stopped

-- A row for each lookup that found such a peer: a second and the announcements' lifetime after its
-- end. Not judged: nodes that announced the key again in another life.
WITH
expired AS MATERIALIZED (
  SELECT a.*, a.gone_t + 1000000
    + (SELECT max(options ->> 'announcement-lifetime') FROM nodes) AS expired_t
  FROM announcements a
  WHERE a.announced_t IS NOT NULL AND a.gone_t IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM announcements o WHERE o.node = a.node AND o.key = a.key AND o.life > a.life)
)
SELECT l.node, l.key, a.node AS peer, round(a.gone_s, 3) AS gone_s,
  round(l.started_s, 3) AS started_s
FROM expired a
  JOIN found_peers f ON f.peer_node = a.node AND f.key = a.key
  JOIN peer_queries l ON l.node = f.node AND l.life = f.life AND l.query = f.query
WHERE l.started_t > a.expired_t
ORDER BY l.started_t, l.node;

SELECT count(*) FROM announcements a JOIN peer_queries l ON l.key = a.key
WHERE l.purpose = 'lookup' AND a.announced_t IS NOT NULL
  AND l.started_t > a.gone_t + 1000000
    + (SELECT max(options ->> 'announcement-lifetime') FROM nodes);
