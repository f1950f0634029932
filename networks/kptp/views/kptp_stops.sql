-- view: kptp_stops
-- summary: Whether the tables of a run's peers had the time to settle before it was stopped.
-- column: run: the run
-- column: settle_t: the longest `kptp_deadlines.settle_within` before the stop
-- column: is_settled: 1: no peer died, came back or started since then, and no separation ended
--   within `kptp_deadlines.heal_within`
-- column: route_t: the longest `kptp_deadlines.route_within` before the stop
-- column: is_routed: 1: the same since then

WITH
changes AS (
  SELECT run, node, t FROM deaths
  UNION ALL
  SELECT run, node, back_t FROM deaths
  UNION ALL
  SELECT run, node, ready_t FROM nodes
),
limits AS MATERIALIZED (
  SELECT r.run, r.stopping_t, r.stopping_t - max(k.settle_within) AS settle_t,
    r.stopping_t - max(k.route_within) AS route_t, r.stopping_t - max(k.heal_within) AS healed_t
  FROM runs r JOIN kptp_deadlines k ON k.run = r.run GROUP BY r.run
),
changed AS MATERIALIZED (
  SELECT l.run, max(c.t) AS last_t
  FROM limits l
    JOIN changes c ON c.run = l.run AND c.t <= l.stopping_t
    JOIN nodes n ON n.run = c.run AND n.node = c.node AND n.role = 'kptp-peer'
  GROUP BY l.run
),
separated AS MATERIALIZED (
  SELECT DISTINCT l.run
  FROM limits l JOIN separations s
    ON s.run = l.run AND s.from_t <= l.stopping_t AND coalesce(s.to_t, 9e18) > l.healed_t
)
SELECT l.run, l.settle_t, s.run IS NULL AND coalesce(c.last_t <= l.settle_t, 1) AS is_settled,
  l.route_t, s.run IS NULL AND coalesce(c.last_t <= l.route_t, 1) AS is_routed
FROM limits l LEFT JOIN changed c ON c.run = l.run LEFT JOIN separated s ON s.run = l.run;
