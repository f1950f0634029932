-- view: separated_nodes
-- summary: Two nodes that a separation lay between: a row for each of `separations` and each
--   node on the other side.
-- column: run: the run
-- column: node: the one
-- column: peer_node: the other
-- column: from_t: when it began
-- column: to_t: when it ended; 9e18: never

WITH separated AS MATERIALIZED (
  SELECT run, fault, from_t, coalesce(to_t, 9e18) AS to_t FROM separations
)
SELECT s.run, p.node, q.node AS peer_node, s.from_t, s.to_t
FROM separated s
  JOIN fault_sides p ON p.run = s.run AND p.fault = s.fault
  JOIN fault_sides q ON q.run = s.run AND q.fault = s.fault AND q.side <> p.side;
