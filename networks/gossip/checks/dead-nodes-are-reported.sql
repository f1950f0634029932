-- check: dead-nodes-are-reported
-- promise: Every neighbour that outlives a dead peer tells a seed of its death in time.
-- networks: gossip
-- severity: error
-- witnesses: 1
-- too-few: no peer died with a living neighbour, or the run ended before a report was due
-- asked-if: (SELECT count(*) FROM planned_nodes WHERE role = 'gossip-peer' OR options IS NULL) > 1
-- not-asked: there is no second peer
-- asked-if: EXISTS (SELECT 1 FROM planned_deaths WHERE role = 'gossip-peer' OR options IS NULL)
-- not-asked: no peer is killed, stopped or frozen

-- A row for each death that a neighbour kept to itself, or told too late. In time: the probes that
-- must go missing, the last dial, and a second (gossip_deadlines.report_within). Time in which the
-- host was overloaded does not count.
WITH
kept AS (
  SELECT d.dead, d.cause, d.death_t, d.death_s, max(d.deadline_t) AS due_t,
    max(d.deadline_s) AS due_s,
    group_concat(d.node, ', ') FILTER (WHERE NOT d.fulfilled) AS silent_neighbours,
    max(coalesce(d.reported_t, r.stopping_t)) FILTER (WHERE NOT d.fulfilled) AS end_t,
    max(d.reported_s) FILTER (WHERE NOT d.fulfilled) AS late_s,
    coalesce(group_concat(d.node, ', ') FILTER (WHERE d.fulfilled), 'nobody') AS reported_by
  FROM dead_node_duties d JOIN runs r
  WHERE d.judged
  GROUP BY d.dead, d.death_t
  HAVING sum(NOT d.fulfilled) > 0
)
SELECT dead, cause, round(death_s, 3) AS died_s, round(due_s, 3) AS due_s, silent_neighbours,
  reported_by, round(late_s, 3) AS late_s,
  (SELECT 'the host was overloaded for ' || round(sum(lost) / 1e6, 1) || ' s meanwhile'
    FROM (SELECT min(to_t, end_t) - max(from_t, death_t) AS lost FROM overloads)
    WHERE lost > 0
    HAVING sum(lost) > end_t - due_t) AS excuse
FROM kept
ORDER BY death_t, dead;

SELECT count(*) FROM dead_node_duties WHERE judged;
