-- check: lookups-take-log-n-steps
-- promise: In a network of n nodes a lookup ends after log2 n steps at the most.
-- networks: kademlia
-- severity: error
-- witnesses: 1
-- too-few: no lookup came to its end

-- A row for each lookup whose chain of nodes, each named by the one before, was longer.
SELECT node, purpose, key, steps, most AS steps_at_most, nodes, round(started_s, 3) AS started_s
FROM lookups,
  (SELECT count(*) AS nodes, max(1, ceil(log2(count(*)))) AS most
    FROM nodes WHERE role = 'kademlia-node')
WHERE steps > most
ORDER BY started_t, node;

SELECT count(*) FROM lookups WHERE finished_t IS NOT NULL;
