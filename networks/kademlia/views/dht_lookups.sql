-- view: dht_lookups
-- summary: A node wanted a value of a distributed hash table.
-- column: run: the run
-- column: node: who wanted it
-- column: key: 40 hexadecimal digits
-- column: asked_t: when it began to look
-- column: asked_s
-- column: ended_t: when it had the value, or gave up
-- column: ended_s
-- column: found: 1: it found one
-- column: value: which, in 16 hexadecimal digits; NULL: none
-- column: published_t: when somebody had first set a value for the key; NULL: not before
--   `asked_t`
-- column: is_right: 1: it is a value that somebody set for the key during the run
-- column: holders: nodes that were there and held a copy all the time

WITH
-- `took` is measured by the node's clock, which stands still while it handles one thing: the
-- beginning is a few milliseconds late. `lookup.started` has it exactly, but finding that among
-- all lookups, most of them the table's own, takes fifty times as long.
asked AS MATERIALIZED (
  SELECT run, node, data ->> 'key' AS key, t - (data ->> 'took') AS asked_t, t AS ended_t,
    kind = 'dht.found' AS found, data ->> 'value' AS value
  FROM events WHERE kind IN ('dht.found', 'dht.missing')
),
published AS MATERIALIZED (
  SELECT run, data ->> 'key' AS key, data ->> 'value' AS value, min(t) AS published_t
  FROM events WHERE kind = 'dht.put' GROUP BY run, key, value
),
copies AS MATERIALIZED (
  SELECT run, node, key, stored_t, coalesce(gone_t, 9e18) AS gone_t FROM stored_values
),
absent AS MATERIALIZED (
  SELECT run, node, t, coalesce(back_t, 9e18) AS back_t FROM deaths
),
-- How far two nodes' clocks may differ.
skews AS MATERIALIZED (SELECT run, most AS skew FROM clock_skews)
SELECT a.run, a.node, a.key, a.asked_t, (a.asked_t - r.began_t) / 1e6 AS asked_s,
  a.ended_t, (a.ended_t - r.began_t) / 1e6 AS ended_s, a.found, a.value,
  (SELECT min(p.published_t) FROM published p
    WHERE p.run = a.run AND p.key = a.key AND p.published_t <= a.asked_t) AS published_t,
  EXISTS (
    SELECT 1 FROM published p
    WHERE p.run = a.run AND p.key = a.key AND p.value = a.value) AS is_right,
  (SELECT count(*) FROM copies c
    WHERE c.run = a.run AND c.key = a.key AND c.stored_t <= a.asked_t - s.skew
      AND c.gone_t > a.ended_t + s.skew
      AND NOT EXISTS (
        SELECT 1 FROM absent x
        WHERE x.run = c.run AND x.node = c.node AND x.t <= a.ended_t + s.skew
          AND x.back_t >= a.asked_t - s.skew)) AS holders
FROM asked a JOIN runs r ON r.run = a.run JOIN skews s ON s.run = a.run;
