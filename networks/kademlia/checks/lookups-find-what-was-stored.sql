-- check: lookups-find-what-was-stored
-- promise: Who looks a value up that was set, and that a living node holds, finds it and no other.
-- networks: kademlia
-- severity: error
-- witnesses: 1
-- too-few: nobody looked up a value after it was set
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'put-count' > 0 OR options IS NULL)
-- not-asked: no node sets a value
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'get-count' > 0 OR options IS NULL)
-- not-asked: no node looks a value up

-- A row for each lookup that found nothing, or a value that nobody set. Not judged: a lookup while
-- the network was disturbed, or soon after (kademlia_unrest).
WITH
judged AS (
  SELECT v.*, d.gone_within FROM dht_lookups v LEFT JOIN kademlia_deadlines d ON d.node = v.node
  WHERE v.published_t IS NOT NULL AND v.holders > 0 AND NOT EXISTS (
    SELECT 1 FROM kademlia_unrest u
    WHERE u.from_t <= v.ended_t AND coalesce(u.until_t, 9e18) >= v.asked_t)
)
SELECT node, key, iif(found, 'found a value that nobody set', 'found nothing') AS problem, holders,
  round(asked_s, 3) AS asked_s, round(ended_s, 3) AS ended_s,
  (SELECT 'the host was overloaded for ' || round(sum(lost) / 1e6, 1) || ' s before'
    FROM (
      SELECT min(to_t, j.ended_t) - max(from_t, j.asked_t - j.gone_within) AS lost FROM overloads)
    WHERE lost > 0
    HAVING count(*) > 0) AS excuse
FROM judged j
WHERE NOT found OR NOT is_right
ORDER BY asked_t, node;

SELECT count(*) FROM dht_lookups v
WHERE v.published_t IS NOT NULL AND v.holders > 0 AND NOT EXISTS (
  SELECT 1 FROM kademlia_unrest u
  WHERE u.from_t <= v.ended_t AND coalesce(u.until_t, 9e18) >= v.asked_t);
