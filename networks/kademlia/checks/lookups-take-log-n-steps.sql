-- check: lookups-take-log-n-steps
-- promise: Among n nodes a lookup ends after log2 n steps at the most, and one more for each node
--   that joins meanwhile.
-- networks: kademlia
-- severity: error
-- witnesses: 1
-- too-few: no lookup came to its end while all nodes were in reach
-- asked-if: (SELECT count(*) FROM planned_nodes WHERE role = 'kademlia-node' OR options IS NULL)
--   > 1
-- not-asked: there is no second node

-- A row for each lookup whose chain of nodes, each named by the one before, was longer. Each step
-- halves the distance at least where those who are asked know their neighbourhood. A node that is
-- joining knows next to nobody yet, and few know it, so that whoever is named may name one who came
-- a moment later: each node that joins meanwhile (kademlia_joins) makes the chain longer by one at
-- the most. Two nodes' clocks may differ. Not judged: lookups while the network was disturbed, or
-- soon after (kademlia_unrest).
WITH
skews AS MATERIALIZED (SELECT most AS skew FROM clock_skews),
joins AS MATERIALIZED (
  SELECT node, from_t, coalesce(until_t, 9e18) AS until_t FROM kademlia_joins
),
judged AS MATERIALIZED (
  SELECT * FROM lookups l
  WHERE finished_t IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM kademlia_unrest u
    WHERE u.from_t <= l.finished_t AND coalesce(u.until_t, 9e18) >= l.started_t)
),
-- Most need no look at the joins.
longer AS (
  SELECT l.*, nodes, most,
    (SELECT count(*) FROM joins j JOIN skews
      WHERE j.node <> l.node AND j.from_t <= l.finished_t + skew
        AND j.until_t >= l.started_t - skew) AS joining
  FROM judged l,
    (SELECT count(*) AS nodes, max(1, ceil(log2(count(*)))) AS most
      FROM nodes WHERE role = 'kademlia-node')
  WHERE steps > most
)
SELECT node, purpose, key, steps, most + joining AS steps_at_most, nodes, joining,
  round(started_s, 3) AS started_s
FROM longer
WHERE steps > most + joining
ORDER BY started_t, node;

SELECT count(*) FROM lookups l
WHERE finished_t IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM kademlia_unrest u
  WHERE u.from_t <= l.finished_t AND coalesce(u.until_t, 9e18) >= l.started_t);
