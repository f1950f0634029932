-- view: node_addresses
-- summary: An address of a node: where it listened, which may be two places, or what a simulated
--   NAT made of that.
-- column: run: the run
-- column: node: the node
-- column: address: `HOST:PORT`

SELECT run, node, address FROM nodes WHERE address IS NOT NULL
UNION
SELECT run, node, data ->> 'also' FROM events
WHERE kind = 'node.ready' AND data ->> 'also' IS NOT NULL
UNION
SELECT run, data ->> 'node', data ->> 'address' FROM events
WHERE node = 'supervisor' AND kind = 'nat.mapped';
