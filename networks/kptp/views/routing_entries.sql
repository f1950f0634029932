-- view: routing_entries
-- summary: A time in which a peer stood in another's routing table.
-- column: run: the run
-- column: node: whose table
-- column: peer_node: who stood in it; NULL: no node of this run
-- column: peer: that peer's address
-- column: id: that peer's ID
-- column: prefix: the bucket: leading bits that both IDs share
-- column: since_t: when it entered
-- column: since_s
-- column: until_t: when it left, by the owner's end at the latest; NULL: it stood there to the
--   last
-- column: until_s
-- column: reason: why it left: `silent` or `forgotten`, in the words of `entry.removed`;
--   `closer` or `newer`: so was another; `died`: the owner's own end; NULL: it stood there to
--   the last

WITH
marks AS MATERIALIZED (
  SELECT run, node, n, t, kind, peer, data,
    sum(kind = 'node.ready') OVER (PARTITION BY run, node ORDER BY n) AS life
  FROM events
  WHERE kind IN ('node.ready', 'entry.added', 'entry.replaced', 'entry.removed')
),
ended AS MATERIALIZED (SELECT * FROM life_ends),
-- A peer enters and leaves a table in turn: each coming is followed by its going.
steps AS (
  SELECT run, node, life, n, t, 1 AS comes, peer, data ->> 'id' AS id,
    data ->> 'prefix' AS prefix, NULL AS reason
  FROM marks WHERE kind IN ('entry.added', 'entry.replaced')
  UNION ALL
  SELECT run, node, life, n, t, 0, peer, NULL, NULL, data ->> 'reason'
  FROM marks WHERE kind = 'entry.removed'
  UNION ALL
  SELECT run, node, life, n, t, 0, data ->> 'over', NULL, NULL, data ->> 'reason'
  FROM marks WHERE kind = 'entry.replaced'
),
stays AS (
  SELECT *, lead(t) OVER stay AS left_t, lead(reason) OVER stay AS left_reason
  FROM steps
  WINDOW stay AS (PARTITION BY run, node, life, peer ORDER BY n)
),
rows AS MATERIALIZED (
  SELECT s.run, s.node, p.node AS peer_node, s.peer, s.id, s.prefix, s.t AS since_t,
    coalesce(s.left_t, e.t) AS until_t,
    coalesce(s.left_reason, iif(s.left_t IS NULL AND e.t IS NOT NULL, 'died', NULL)) AS reason
  FROM stays s
    LEFT JOIN ended e ON e.run = s.run AND e.node = s.node AND e.life = s.life
    LEFT JOIN nodes p ON p.run = s.run AND p.address = s.peer
  WHERE s.comes
)
SELECT s.run, s.node, s.peer_node, s.peer, s.id, s.prefix,
  s.since_t, (s.since_t - r.began_t) / 1e6 AS since_s,
  s.until_t, (s.until_t - r.began_t) / 1e6 AS until_s, s.reason
FROM rows s JOIN runs r ON r.run = s.run;
