-- view: kptp_peers
-- summary: A peer and its ID.
-- column: run: the run
-- column: node: the peer
-- column: address: where it listened, of which the ID is the hash
-- column: id: four hexadecimal digits
-- column: number: the same as a number from 0 to 65,535

SELECT e.run, e.node, n.address, e.data ->> 'id' AS id, e.data ->> 'number' AS number
FROM events e JOIN nodes n ON n.run = e.run AND n.node = e.node
WHERE e.kind = 'identity.derived'
GROUP BY e.run, e.node;
