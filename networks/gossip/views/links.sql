-- view: links
-- summary: A link between two peers as one of them, its owner, logged it: two rows where both
--   did.
-- column: run: the run
-- column: node: the owner
-- column: peer_node: the neighbour's name; NULL: no node of this run
-- column: peer: the neighbour's address
-- column: direction: `dialled` or `accepted` by the owner
-- column: opened_t: when both handshakes were through
-- column: opened_s
-- column: closed_t: when it ended for the owner, by its own end at the latest; NULL: open to the
--   last
-- column: closed_s
-- column: reason: why, in the words of `link.closed`; `died`: the owner's own end; NULL: open to
--   the last

WITH
marks AS MATERIALIZED (
  SELECT run, node, n, t, kind, peer, data,
    sum(kind = 'node.ready') OVER (PARTITION BY run, node ORDER BY n) AS life
  FROM events
  WHERE kind IN ('node.ready', 'link.opened', 'link.closed')
),
ended AS MATERIALIZED (SELECT * FROM life_ends),
-- Two links of one pair of nodes overlap for a moment now and then (a duplicate): the first
-- close is paired with the first opening, so that the rows together say when there was one.
placed AS (
  SELECT run, node, life, peer, kind, t, data,
    row_number() OVER (PARTITION BY run, node, life, peer, kind ORDER BY n) AS place
  FROM marks WHERE kind <> 'node.ready'
),
paired AS (
  SELECT run, node, life, peer,
    min(t) FILTER (WHERE kind = 'link.opened') AS opened_t,
    min(data ->> 'direction') FILTER (WHERE kind = 'link.opened') AS direction,
    min(t) FILTER (WHERE kind = 'link.closed') AS closed_t,
    min(data ->> 'reason') FILTER (WHERE kind = 'link.closed') AS reason
  FROM placed GROUP BY run, node, life, peer, place
),
-- Made whole before anything is joined with it: taken apart, it misleads SQLite's planner.
rows AS MATERIALIZED (
  SELECT l.run, l.node, p.node AS peer_node, l.peer, l.direction, l.opened_t,
    coalesce(l.closed_t, e.t) AS closed_t,
    coalesce(l.reason, iif(e.t IS NULL, NULL, 'died')) AS reason
  FROM paired l
    LEFT JOIN ended e ON e.run = l.run AND e.node = l.node AND e.life = l.life
    LEFT JOIN nodes p ON p.run = l.run AND p.address = l.peer
  WHERE l.opened_t IS NOT NULL
)
SELECT l.run, l.node, l.peer_node, l.peer, l.direction,
  l.opened_t, (l.opened_t - r.began_t) / 1e6 AS opened_s,
  l.closed_t, (l.closed_t - r.began_t) / 1e6 AS closed_s, l.reason
FROM rows l JOIN runs r ON r.run = l.run;
