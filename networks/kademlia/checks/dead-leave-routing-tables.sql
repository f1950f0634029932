-- check: dead-leave-routing-tables
-- promise: A node that dies leaves the routing table of every living node in time.
-- networks: kademlia
-- severity: error
-- witnesses: 1
-- too-few: no node died that a living one had as a contact, or the run ended before it was due
-- asked-if: (SELECT count(*) FROM planned_nodes WHERE role = 'kademlia-node' OR options IS NULL)
--   > 1
-- not-asked: there is no second node
-- asked-if: EXISTS (SELECT 1 FROM planned_deaths WHERE role = 'kademlia-node' OR options IS NULL)
-- not-asked: no node is killed, stopped or frozen

-- A row for each death and node that kept the contact, or kept it too long. In time: the next ping,
-- the answers that must be missing, and a second (kademlia_deadlines.gone_within). Time in which
-- the host was overloaded does not count.
WITH
kept AS (
  SELECT d.*, coalesce(d.left_t, r.stopping_t) AS end_t FROM routing_duties d JOIN runs r
  WHERE d.judged AND NOT d.fulfilled
)
SELECT dead, cause, round(death_s, 3) AS died_s, node AS kept_by, round(deadline_s, 3) AS due_s,
  round(left_s, 3) AS left_s,
  (SELECT 'the host was overloaded for ' || round(sum(lost) / 1e6, 1) || ' s meanwhile'
    FROM (SELECT min(to_t, end_t) - max(from_t, death_t) AS lost FROM overloads)
    WHERE lost > 0
    HAVING sum(lost) > end_t - deadline_t) AS excuse
FROM kept
ORDER BY death_t, dead, node;

SELECT count(*) FROM routing_duties WHERE judged;
