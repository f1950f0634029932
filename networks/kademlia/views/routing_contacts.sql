-- view: routing_contacts
-- summary: A contact in the routing table of a node of a Kademlia network.
-- column: run: the run
-- column: node: whose table
-- column: peer_node: the contact's name; NULL: no node of this run
-- column: peer: its address
-- column: id: its ID, 40 hexadecimal digits; a node that is started again has another
-- column: added_t: when it came into the table
-- column: added_s
-- column: left_t: when it left, by the owner's end at the latest; NULL: there to the last
-- column: left_s
-- column: reason: why, in the words of `contact.evicted`; `died`: the owner's own end; NULL:
--   there to the last

WITH
marks AS MATERIALIZED (
  SELECT run, node, n, t, kind, peer, data,
    sum(kind = 'node.ready') OVER (PARTITION BY run, node ORDER BY n) AS life
  FROM events
  WHERE kind IN ('node.ready', 'contact.added', 'contact.evicted')
),
ended AS MATERIALIZED (SELECT * FROM life_ends),
moves AS MATERIALIZED (
  SELECT run, node, life, kind, peer, t, data ->> 'id' AS id,
    lead(t) OVER each AS next_t, lead(data ->> 'reason') OVER each AS reason
  FROM marks WHERE kind <> 'node.ready'
  WINDOW each AS (PARTITION BY run, node, life, data ->> 'id' ORDER BY n)
)
SELECT m.run, m.node, p.node AS peer_node, m.peer, m.id,
  m.t AS added_t, (m.t - r.began_t) / 1e6 AS added_s,
  coalesce(m.next_t, e.t) AS left_t, (coalesce(m.next_t, e.t) - r.began_t) / 1e6 AS left_s,
  coalesce(m.reason, iif(e.t IS NULL, NULL, 'died')) AS reason
FROM moves m JOIN runs r ON r.run = m.run
  LEFT JOIN ended e ON e.run = m.run AND e.node = m.node AND e.life = m.life
  LEFT JOIN nodes p ON p.run = m.run AND p.address = m.peer
WHERE m.kind = 'contact.added';
