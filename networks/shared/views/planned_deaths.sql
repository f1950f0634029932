-- view: planned_deaths
-- summary: A node that is to end or to freeze by a fault, planned or asked for; and every node
--   where the topology allows that nodes end by themselves. Whether it came to that is in
--   `deaths`.
-- column: run: the run
-- column: node: its name
-- column: role: of `planned_nodes`
-- column: options: of `planned_nodes`
-- column: action: `kill`, `stop`, `restart` or `pause`; `exit`: by itself

WITH
ends AS (
  SELECT run, node, action FROM faults
  WHERE action IN ('kill', 'stop', 'restart', 'pause')
  UNION
  SELECT p.run, p.node, 'exit' FROM planned_nodes p
    JOIN (SELECT run, plan ->> '$.allowsUnexpectedExits' AS allowed FROM runs) r ON r.run = p.run
  WHERE r.allowed
)
SELECT p.run, p.node, p.role, p.options, e.action
FROM planned_nodes p JOIN ends e ON e.run = p.run AND e.node = p.node;
