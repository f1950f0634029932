-- view: routing_graph
-- summary: A node of a Kademlia network that was there when the run was stopped, and whether its
--   contacts join it with the others.
-- column: run: the run
-- column: node: the node
-- column: contacts: its contacts that were there too
-- column: start: the node with the most contacts, which is where the search begins
-- column: connected: 1: a chain of contacts, in either direction, leads to it from there
-- column: settled: 1: it had time to join before the run was stopped, and no disturbance was in
--   its way

WITH RECURSIVE
present AS MATERIALIZED (SELECT * FROM kademlia_survivors),
edges AS MATERIALIZED (
  SELECT DISTINCT c.run, c.node, c.peer_node
  FROM routing_contacts c
    JOIN present p ON p.run = c.run AND p.node = c.node
    JOIN present q ON q.run = c.run AND q.node = c.peer_node
  WHERE c.added_t <= p.stopping_t AND coalesce(c.left_t, 9e18) > p.stopping_t
),
ways AS MATERIALIZED (
  SELECT run, node, peer_node FROM edges UNION SELECT run, peer_node, node FROM edges
),
degrees AS MATERIALIZED (
  SELECT p.run, p.node, p.ready_t, p.stopping_t, p.heal_within, count(e.node) AS contacts
  FROM present p LEFT JOIN edges e ON e.run = p.run AND e.node = p.node
  GROUP BY p.run, p.node
),
starts AS MATERIALIZED (
  SELECT run, node FROM (
    SELECT run, node,
      row_number() OVER (PARTITION BY run ORDER BY contacts DESC, node) AS place
    FROM degrees)
  WHERE place = 1
),
reached (run, node) AS (
  SELECT run, node FROM starts
  UNION
  SELECT w.run, w.peer_node FROM reached x JOIN ways w ON w.run = x.run AND w.node = x.node
)
SELECT g.run, g.node, g.contacts, s.node AS start,
  EXISTS (SELECT 1 FROM reached x WHERE x.run = g.run AND x.node = g.node) AS connected,
  g.ready_t + g.heal_within <= g.stopping_t AND NOT EXISTS (
    SELECT 1 FROM kademlia_unrest u
    WHERE u.run = g.run AND coalesce(u.until_t, 9e18) > g.stopping_t) AS settled
FROM degrees g JOIN starts s ON s.run = g.run;
