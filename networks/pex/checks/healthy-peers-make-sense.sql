-- check: healthy-peers-make-sense
-- promise: What a healthy peer sends is a message, and what it gives was asked for and is right.
-- networks: pex
-- severity: error
-- witnesses: 1
-- too-few: no two peers were ever connected
-- asked-if: (SELECT count(*) FROM planned_nodes WHERE role = 'pex-peer' OR options IS NULL) > 1
-- not-asked: there is no second peer

-- A row for each thing that was refused of a healthy peer. Of who is not known it is held against
-- the network only where all are healthy.
WITH
healthy AS MATERIALIZED (SELECT node FROM pex_healthy),
strangers AS (
  SELECT count(*) AS others FROM planned_nodes WHERE node NOT IN (SELECT node FROM healthy)
)
SELECT e.node, e.s AS refused_s, coalesce(a.node, e.peer) AS sender, e.kind,
  e.data ->> 'reason' AS reason
FROM events e LEFT JOIN node_addresses a ON a.address = e.peer
WHERE (
    e.kind IN ('bytes.rejected', 'neighbour.shunned', 'asks.dropped', 'caller.refused')
    OR e.kind = 'piece.dropped' AND e.data ->> 'reason' <> 'twice'
  )
  AND iif(a.node IS NULL, (SELECT others = 0 FROM strangers),
    a.node IN (SELECT node FROM healthy))
ORDER BY e.t, e.node, e.n;

SELECT count(*) FROM neighbours;
