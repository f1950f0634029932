-- check: dead-nodes-are-reported
-- promise: Every neighbour that outlives a dead peer tells a seed of its death in time.
-- networks: gossip
-- severity: error
-- witnesses: 1
-- too-few: no peer died with a living neighbour, or the run ended before a report was due

-- A row for each death that a neighbour kept to itself. In time: the probes that must go missing,
-- the last dial, and a second (gossip_deadlines.report_within).
SELECT dead, cause, round(death_s, 3) AS died_s, round(max(deadline_s), 3) AS due_s,
  group_concat(node, ', ') FILTER (WHERE NOT fulfilled) AS silent_neighbours,
  coalesce(group_concat(node, ', ') FILTER (WHERE fulfilled), 'nobody') AS reported_by,
  (SELECT 'the host was overloaded from ' || round(min(o.from_s), 1) || ' s'
    FROM overloads o WHERE o.to_t > death_t AND o.from_t < max(deadline_t)
    HAVING count(*) > 0) AS excuse
FROM dead_node_duties
WHERE judged
GROUP BY dead, death_t
HAVING sum(NOT fulfilled) > 0
ORDER BY death_t, dead;

SELECT count(*) FROM dead_node_duties WHERE judged;
