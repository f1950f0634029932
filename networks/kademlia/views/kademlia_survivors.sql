-- view: kademlia_survivors
-- summary: A node that was there when the run was stopped.
-- column: run: the run
-- column: node: the node
-- column: k: of `kademlia_deadlines`
-- column: value_lifetime: of `kademlia_deadlines`
-- column: kept_within: of `kademlia_deadlines`
-- column: heal_within: of `kademlia_deadlines`
-- column: began_t: the run's beginning
-- column: stopping_t: when it was stopped
-- column: ready_t: when the node was last ready

SELECT l.run, l.node, l.k, l.value_lifetime, l.kept_within, l.heal_within, r.began_t,
  r.stopping_t, (
    SELECT max(e.t) FROM events e
    WHERE e.run = l.run AND e.node = l.node AND e.kind = 'node.ready') AS ready_t
FROM kademlia_deadlines l JOIN runs r ON r.run = l.run
WHERE r.stopping_t IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM deaths d
  WHERE d.run = l.run AND d.node = l.node AND d.t <= r.stopping_t
    AND (d.back_t IS NULL OR d.back_t > r.stopping_t));
