-- check: the-dead-are-forgotten
-- promise: A peer that died is forgotten in time by whoever knew it, but for its bootstrap.
-- networks: pex
-- severity: error
-- witnesses: 1
-- too-few: no peer died that another knew, or the run ended before it was to be forgotten
-- asked-if: (SELECT count(*) FROM planned_nodes WHERE role = 'pex-peer' OR options IS NULL) > 1
-- not-asked: there is no second peer
-- asked-if: EXISTS (
--   SELECT 1 FROM planned_deaths d JOIN runs r JOIN json_each(r.plan, '$.nodes') n
--   WHERE d.action NOT IN ('pause', 'restart') AND n.value ->> 'name' <> d.node AND NOT EXISTS (
--     SELECT 1 FROM json_each(n.value, '$.addresses.bootstrap') b WHERE b.value = d.node))
-- not-asked: nobody is killed or stopped for good but whom everybody was told of at the start
-- asked-if: (SELECT max(r.plan ->> '$.stopAt' - f.at) FROM faults f JOIN runs r
--   WHERE f.action IN ('kill', 'stop'))
--   > (SELECT max(6 * (options ->> 'exchange-interval') + (options ->> 'dial-timeout') + 2000000)
--     FROM planned_nodes WHERE role = 'pex-peer')
-- not-asked: whoever is killed or stopped is so too shortly before the end

-- A row for each peer that still knew a dead one when five dials, one in each round of the
-- exchange, must have been in vain. A dial to a dead process is refused at once. After a separation
-- it is not asked, nor of who was away or came back meanwhile.
WITH
dead AS MATERIALIZED (
  SELECT node, t, gone_t FROM deaths WHERE cause <> 'frozen' AND back_t IS NULL
),
due AS MATERIALIZED (
  SELECT k.node, k.peer_node AS dead, d.t AS died_t,
    max(d.gone_t, k.learned_t) + 6 * (n.options ->> 'exchange-interval')
      + (n.options ->> 'dial-timeout') + 1000000 + s.most AS deadline_t, k.forgotten_t
  FROM known_peers k JOIN dead d ON d.node = k.peer_node JOIN clock_skews s
    JOIN planned_nodes n ON n.node = k.node
  WHERE n.role = 'pex-peer' AND k.source <> 'option' AND coalesce(k.forgotten_t, 9e18) > d.gone_t
),
judged AS MATERIALIZED (
  SELECT d.* FROM due d JOIN runs r ON d.deadline_t <= r.stopping_t
  WHERE NOT EXISTS (
    SELECT 1 FROM pex_troubles x
    WHERE (x.node IS NULL OR x.node = d.node)
      AND x.from_t <= d.deadline_t AND x.until_t > d.died_t)
)
SELECT j.node, j.dead, round((j.died_t - r.began_t) / 1e6, 3) AS died_s,
  round((j.deadline_t - r.began_t) / 1e6, 3) AS due_s,
  round((j.forgotten_t - r.began_t) / 1e6, 3) AS forgotten_s,
  (SELECT 'the host was overloaded' FROM overloads o
    WHERE o.from_t <= j.deadline_t AND o.to_t > j.died_t LIMIT 1) AS excuse
FROM judged j JOIN runs r
WHERE coalesce(j.forgotten_t, 9e18) > j.deadline_t
ORDER BY j.deadline_t, j.node, j.dead;

WITH
dead AS MATERIALIZED (
  SELECT node, gone_t FROM deaths WHERE cause <> 'frozen' AND back_t IS NULL
)
SELECT count(*)
FROM known_peers k JOIN dead d ON d.node = k.peer_node JOIN runs r
  JOIN planned_nodes n ON n.node = k.node
WHERE k.source <> 'option' AND coalesce(k.forgotten_t, 9e18) > d.gone_t
  AND max(d.gone_t, k.learned_t) + 6 * (n.options ->> 'exchange-interval')
    + (n.options ->> 'dial-timeout') + 1000000 <= r.stopping_t;
