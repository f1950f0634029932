-- view: kept_values
-- summary: A value that was set, and what was left of it when the run was stopped. None where a
--   node died or started, or the network was disturbed, so late that it could not be stored
--   again.
-- column: run: the run
-- column: key: 40 hexadecimal digits
-- column: put_t: when it was last set
-- column: put_s
-- column: holders: nodes that were there and held a copy
-- column: wanted: how many of them there should be: k, or all where there are fewer

WITH
present AS MATERIALIZED (SELECT * FROM kademlia_survivors),
settled AS MATERIALIZED (
  SELECT p.run, p.began_t, p.stopping_t, min(p.value_lifetime) AS lifetime,
    max(p.kept_within) AS kept_within, min(max(p.k), count(*)) AS wanted
  FROM present p
  WHERE NOT EXISTS (
    SELECT 1 FROM kademlia_unrest u
    WHERE u.run = p.run AND coalesce(u.until_t, 9e18) > p.stopping_t)
  GROUP BY p.run
),
restless AS (
  SELECT s.run FROM settled s WHERE EXISTS (
    SELECT 1 FROM deaths d
    WHERE d.run = s.run AND d.t <= s.stopping_t
      AND coalesce(d.back_t, d.gone_t) + s.kept_within > s.stopping_t)
    OR EXISTS (
      SELECT 1 FROM present p
      WHERE p.run = s.run AND p.ready_t + s.kept_within > s.stopping_t)
),
puts AS MATERIALIZED (
  SELECT run, data ->> 'key' AS key, max(t) AS put_t
  FROM events WHERE kind = 'dht.put' GROUP BY run, key
)
SELECT s.run, v.key, v.put_t, (v.put_t - s.began_t) / 1e6 AS put_s,
  (SELECT count(DISTINCT c.node) FROM stored_values c JOIN present p
      ON p.run = c.run AND p.node = c.node
    WHERE c.run = s.run AND c.key = v.key AND c.stored_t <= s.stopping_t
      AND coalesce(c.gone_t, 9e18) > s.stopping_t) AS holders,
  s.wanted
FROM settled s JOIN puts v ON v.run = s.run
WHERE s.run NOT IN (SELECT run FROM restless)
  AND v.put_t + s.kept_within <= s.stopping_t AND v.put_t + s.lifetime > s.stopping_t;
