-- check: lookups-take-log-n-steps
-- promise: Once the n nodes of a network are there, a lookup ends after log2 n steps at the most.
-- networks: kademlia
-- severity: error
-- witnesses: 1
-- too-few: no lookup came to its end while all nodes were there and in reach

-- A row for each lookup whose chain of nodes, each named by the one before, was longer. Not judged:
-- lookups while the first nodes start, because a node follows those that join before its eyes; and
-- while the network was disturbed, or soon after (kademlia_unrest).
WITH
judged AS (
  SELECT * FROM lookups l
  WHERE finished_t IS NOT NULL AND started_s >= 0 AND NOT EXISTS (
    SELECT 1 FROM kademlia_unrest u
    WHERE u.from_t <= l.finished_t AND coalesce(u.until_t, 9e18) >= l.started_t)
)
SELECT node, purpose, key, steps, most AS steps_at_most, nodes, round(started_s, 3) AS started_s
FROM judged,
  (SELECT count(*) AS nodes, max(1, ceil(log2(count(*)))) AS most
    FROM nodes WHERE role = 'kademlia-node')
WHERE steps > most
ORDER BY started_t, node;

SELECT count(*) FROM lookups l
WHERE finished_t IS NOT NULL AND started_s >= 0 AND NOT EXISTS (
  SELECT 1 FROM kademlia_unrest u
  WHERE u.from_t <= l.finished_t AND coalesce(u.until_t, 9e18) >= l.started_t);
