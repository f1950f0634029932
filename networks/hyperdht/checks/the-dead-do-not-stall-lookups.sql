-- check: the-dead-do-not-stall-lookups
-- promise: When nodes die, the median lookup takes less than twice as long as before.
-- networks: hyperdht
-- severity: error
-- witnesses: 100
-- too-few: fewer than 100 lookups asked a dead node
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'lookup-count' > 0 OR options ->> 'lookup' <> ''
--     OR options ->> 'connect' <> '' OR options IS NULL)
-- not-asked: no node looks a key up
-- asked-if: EXISTS (SELECT 1 FROM planned_deaths WHERE action <> 'pause')
-- not-asked: no node is killed or stopped

-- A row where the lookups begun after the first death are slower than that, against those that
-- ended before it. Not judged: lookups of the two seconds after the run's beginning.
WITH
death AS MATERIALIZED (SELECT min(t) AS t FROM deaths WHERE cause <> 'frozen'),
timed AS MATERIALIZED (
  SELECT l.took, l.started_t > d.t AS is_after
  FROM peer_queries l JOIN death d
  WHERE l.purpose = 'lookup' AND l.started_s > 2 AND (l.finished_t < d.t OR l.started_t > d.t)
),
ranked AS (
  SELECT *, row_number() OVER (PARTITION BY is_after ORDER BY took) AS place,
    count(*) OVER (PARTITION BY is_after) AS count
  FROM timed
),
medians AS (
  SELECT max(took) FILTER (WHERE NOT is_after) AS before, max(took) FILTER (WHERE is_after) AS after
  FROM ranked WHERE place = (count + 1) / 2
)
SELECT round(before, 6) AS before, round(after, 6) AS after, round(after / before, 2) AS ratio,
  (SELECT 'the host was overloaded for ' || round(sum(to_t - from_t) / 1e6, 1) || ' s'
    FROM overloads HAVING count(*) > 0) AS excuse
FROM medians WHERE NOT after < 2 * before;

SELECT count(*) FROM peer_queries l JOIN (SELECT min(t) AS t FROM deaths WHERE cause <> 'frozen') d
  ON l.started_t > d.t
WHERE l.purpose = 'lookup' AND l.asked > l.answered;
