-- view: lookups
-- summary: A search of a node for the nodes closest to a key, or for the key's value.
-- column: run: the run
-- column: node: who looked
-- column: purpose: `join`, `refresh`, `set`, `get` or `republish`
-- column: key: what was looked up, 40 hexadecimal digits
-- column: started_t: when it began
-- column: started_s
-- column: finished_t: when it ended; NULL: never
-- column: finished_s
-- column: steps: the longest chain of nodes that answered, each named by the one before
-- column: contacted: nodes that were asked
-- column: answered: how many of them answered
-- column: found: 1: a value was found
-- column: took: seconds from start to end

WITH
marks AS MATERIALIZED (
  SELECT run, node, n, t, kind, peer, data,
    sum(kind = 'node.ready') OVER (PARTITION BY run, node ORDER BY n) AS life
  FROM events
  WHERE kind IN ('node.ready', 'lookup.started', 'lookup.finished')
),
ended AS MATERIALIZED (SELECT * FROM life_ends),
paired AS (
  SELECT run, node, min(data ->> 'purpose') AS purpose, min(data ->> 'key') AS key,
    min(t) FILTER (WHERE kind = 'lookup.started') AS started_t,
    min(t) FILTER (WHERE kind = 'lookup.finished') AS finished_t,
    min(data ->> 'steps') AS steps, min(data ->> 'contacted') AS contacted,
    min(data ->> 'answered') AS answered, min(data ->> 'found') AS found,
    min(data ->> 'took') / 1e6 AS took
  FROM marks WHERE kind <> 'node.ready'
  GROUP BY run, node, life, data ->> 'lookup'
)
SELECT l.run, l.node, l.purpose, l.key,
  l.started_t, (l.started_t - r.began_t) / 1e6 AS started_s,
  l.finished_t, (l.finished_t - r.began_t) / 1e6 AS finished_s,
  l.steps, l.contacted, l.answered, l.found, l.took
FROM paired l JOIN runs r ON r.run = l.run;
