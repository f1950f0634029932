-- view: unrest
-- summary: A time in which separations, or what they left behind, may keep texts from travelling
--   and peers from being linked or listed.
-- column: run: the run
-- column: from_t: when the first separation began
-- column: from_s
-- column: until_t: the longest `gossip_deadlines.heal_within` after the last one ended; NULL:
--   one never did
-- column: until_s

WITH
spans AS MATERIALIZED (
  SELECT s.run, s.from_t,
    coalesce(s.to_t + (
      SELECT max(g.heal_within) FROM gossip_deadlines g WHERE g.run = s.run), 9e18)
      AS until_t
  FROM separations s
),
-- Spans that overlap are one: a new one begins after the end of all before it.
begun AS (
  SELECT run, from_t, until_t,
    coalesce(from_t > max(until_t) OVER (
      PARTITION BY run ORDER BY from_t, until_t
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 1) AS begins
  FROM spans
),
numbered AS (
  SELECT run, from_t, until_t,
    sum(begins) OVER (PARTITION BY run ORDER BY from_t, until_t ROWS UNBOUNDED PRECEDING)
      AS number
  FROM begun
),
joined AS (
  SELECT run, min(from_t) AS from_t, nullif(max(until_t), 9e18) AS until_t
  FROM numbered GROUP BY run, number
)
SELECT j.run, j.from_t, (j.from_t - r.began_t) / 1e6 AS from_s,
  j.until_t, (j.until_t - r.began_t) / 1e6 AS until_s
FROM joined j JOIN runs r ON r.run = j.run;
