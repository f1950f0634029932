-- check: punched-peers-hear-each-other
-- promise: Peers between whom a way was opened through NATs hear each other directly, and go on to.
-- networks: hyperdht
-- severity: error
-- witnesses: 1
-- too-few: no node opened a way to a peer and exchanged all its datagrams over it
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'connect' <> '' OR options IS NULL)
-- not-asked: no node opens a way to another

-- A row for each open way whose peer did not answer everything that was sent over it, or, although
-- a ping was passed on to it, did not hear the node by its own log. Not judged: ways where either
-- node was not there for a part of that time, or the network was disturbed, or the run was being
-- ended. Two nodes' times may differ (clock_skews).
WITH
skews AS MATERIALIZED (SELECT most AS skew FROM clock_skews),
judged AS MATERIALIZED (
  SELECT p.* FROM holepunches p JOIN runs r ON r.run = p.run JOIN skews
  WHERE p.outcome = 'open' AND p.finished_t + skew < coalesce(r.stopping_t, 9e18)
    AND NOT EXISTS (
      SELECT 1 FROM deaths d
      WHERE d.node IN (p.node, p.peer_node) AND d.t <= p.finished_t + skew
        AND coalesce(d.back_t, 9e18) >= p.started_t - skew)
    AND NOT EXISTS (
      SELECT 1 FROM faults f
      WHERE f.action IN ('partition', 'loss', 'latency', 'bandwidth')
        AND f.applied_t <= p.finished_t + skew
        AND coalesce(f.healed_t, 9e18) >= p.started_t - skew)
)
SELECT p.node, p.peer_node, p.peer, p.opened_at, round(p.started_s, 3) AS started_s, p.sent,
  p.answered, p.asked_t IS NOT NULL AS is_asked, p.heard_t IS NOT NULL AS is_heard,
  (SELECT 'the host was overloaded for ' || round(sum(lost) / 1e6, 1) || ' s meanwhile'
    FROM (SELECT min(to_t, p.finished_t) - max(from_t, p.started_t) AS lost FROM overloads)
    WHERE lost > 0
    HAVING count(*) > 0) AS excuse
FROM judged p
WHERE p.answered < p.sent OR p.asked_t IS NOT NULL AND p.heard_t IS NULL
ORDER BY p.started_t, p.node, p.peer;

SELECT count(*) FROM holepunches WHERE outcome = 'open' AND finished_t IS NOT NULL;
