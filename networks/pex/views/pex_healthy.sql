-- view: pex_healthy
-- summary: A peer of ours that breaks no promise on purpose: it gives what it has, as it is, and
--   tells of whom it knows.
-- column: run: the run
-- column: node: the peer

SELECT run, node FROM planned_nodes
WHERE role = 'pex-peer' AND options ->> 'gives' = 'always' AND options ->> 'asks' = 'one'
  AND options ->> 'introduces' AND options ->> 'verifies' AND NOT options ->> 'corrupts';
