-- view: announcements
-- summary: A key that a node of a HyperDHT network announced, in one of its lives.
-- column: run: the run
-- column: node: who announced it
-- column: life: which life of the node, from 1
-- column: key: 64 hexadecimal digits
-- column: asked_t: when it first began to announce it
-- column: announced_t: when nodes had first taken the announcement; NULL: never
-- column: announced_s
-- column: withdrawn_t: when it began to take it back; NULL: never
-- column: withdrawn_s
-- column: taken_back_t: when nodes had taken that; NULL: never
-- column: gone_t: when that life of the node ended; NULL: it did not before the run's end
-- column: gone_s

WITH
marks AS MATERIALIZED (
  SELECT run, node, n, t, kind, peer, data,
    sum(kind = 'node.ready') OVER (PARTITION BY run, node ORDER BY n) AS life
  FROM events
  WHERE kind IN ('node.ready', 'query.started', 'query.finished')
),
ended AS MATERIALIZED (SELECT * FROM life_ends),
steps AS MATERIALIZED (
  SELECT run, node, life, t, data ->> 'key' AS key,
    kind = 'query.started' AND data ->> 'purpose' = 'announce' AS is_asked,
    kind = 'query.finished' AND data ->> 'purpose' = 'announce'
      AND data ->> 'updated' > 0 AS is_announced,
    kind = 'query.started' AND data ->> 'purpose' = 'unannounce' AS is_withdrawn,
    kind = 'query.finished' AND data ->> 'purpose' = 'unannounce'
      AND data ->> 'updated' > 0 AS is_taken_back
  FROM marks WHERE kind <> 'node.ready' AND data ->> 'purpose' <> 'lookup'
),
told AS (
  SELECT run, node, life, key, min(t) FILTER (WHERE is_asked) AS asked_t,
    min(t) FILTER (WHERE is_announced) AS announced_t,
    min(t) FILTER (WHERE is_withdrawn) AS withdrawn_t,
    min(t) FILTER (WHERE is_taken_back) AS taken_back_t
  FROM steps GROUP BY run, node, life, key
)
SELECT a.run, a.node, a.life, a.key, a.asked_t,
  a.announced_t, (a.announced_t - r.began_t) / 1e6 AS announced_s,
  a.withdrawn_t, (a.withdrawn_t - r.began_t) / 1e6 AS withdrawn_s, a.taken_back_t,
  e.t AS gone_t, (e.t - r.began_t) / 1e6 AS gone_s
FROM told a JOIN runs r ON r.run = a.run
  LEFT JOIN ended e ON e.run = a.run AND e.node = a.node AND e.life = a.life;
