-- view: value_lookups
-- summary: A peer that wanted the value of a key, and whether it got it.
-- column: run: the run
-- column: node: who wanted it
-- column: key: the key
-- column: owner: who puts it; NULL: nobody did before
-- column: t: when it had the value, or gave up
-- column: s
-- column: put_t: when it had last been put, before the peer began to look for it
-- column: put_s
-- column: copies: how many peers kept it then
-- column: found: 1: it got the value that its owner puts
-- column: judged: 1: it had been put, and no peer died, came back or started from
--   `kptp_deadlines.route_within` before that until `t`, nor was one separated from another

WITH
wanted AS MATERIALIZED (
  SELECT e.run, e.node, e.n, e.t, e.data ->> 'key' AS key,
    e.kind = 'value.found' AND coalesce(e.data ->> 'intact', 0) AS found,
    e.t - (e.data ->> 'waited') - s.most AS asked_t, k.route_within, k.heal_within
  FROM events e JOIN kptp_deadlines k ON k.run = e.run AND k.node = e.node
    JOIN clock_skews s ON s.run = e.run
  WHERE e.kind IN ('value.found', 'value.missing')
),
put AS MATERIALIZED (
  SELECT run, node, data ->> 'key' AS key, t, data ->> 'copies' AS copies
  FROM events WHERE kind = 'value.put'
),
found AS MATERIALIZED (
  SELECT w.run, w.node, w.key, w.t, w.found, w.route_within, w.heal_within,
    p.node AS owner, max(p.t) AS put_t, p.copies
  FROM wanted w LEFT JOIN put p ON p.run = w.run AND p.key = w.key AND p.t <= w.asked_t
  GROUP BY w.run, w.node, w.n
),
disturbed AS MATERIALIZED (
  SELECT run, t FROM deaths
  UNION
  SELECT run, back_t FROM deaths WHERE back_t IS NOT NULL
  UNION
  SELECT run, ready_t FROM nodes WHERE role = 'kptp-peer'
),
skew AS MATERIALIZED (SELECT run, of_one FROM clock_skews)
SELECT f.run, f.node, f.key, f.owner, f.t, (f.t - r.began_t) / 1e6 AS s,
  f.put_t, (f.put_t - r.began_t) / 1e6 AS put_s, f.copies, f.found,
  coalesce(f.copies > 0, 0) AND coalesce(f.t < r.stopping_t, 0)
    AND NOT EXISTS (
      SELECT 1 FROM disturbed c
      WHERE c.run = f.run AND c.t BETWEEN f.put_t - f.route_within AND f.t + k.of_one)
    AND NOT EXISTS (
      SELECT 1 FROM separations s
      WHERE s.run = f.run AND s.from_t <= f.t + k.of_one
        AND coalesce(s.to_t, 9e18) >= f.put_t - f.heal_within) AS judged
FROM found f JOIN runs r ON r.run = f.run JOIN skew k ON k.run = f.run;
