-- check: nobody-there-is-forgotten
-- promise: A peer forgets an address only after five dials in vain, while nobody answers there.
-- networks: pex
-- severity: error
-- witnesses: 1
-- too-few: no peer knew another
-- asked-if: (SELECT count(*) FROM planned_nodes WHERE role = 'pex-peer' OR options IS NULL) > 1
-- not-asked: there is no second peer

-- A row for each address of a node that was there and in reach since the last dial in vain can have
-- begun, and was forgotten all the same; or that was forgotten after fewer dials. Another address
-- of a known peer, or of this one, may be forgotten at once.
WITH
forgotten AS MATERIALIZED (
  SELECT e.node, e.n, e.t, e.s, e.peer, e.data ->> 'dials' AS dials, a.node AS owner,
    e.t - (n.options ->> 'dial-timeout') - 1000000 AS dialled_t
  FROM events e JOIN planned_nodes n ON n.node = e.node
    LEFT JOIN node_addresses a ON a.address = e.peer
  WHERE e.kind = 'address.forgotten' AND n.role = 'pex-peer'
),
lives AS MATERIALIZED (
  SELECT node, t AS ready_t FROM events WHERE kind = 'node.ready'
)
SELECT f.node, f.peer AS address, f.owner, f.dials, round(f.s, 3) AS forgotten_s,
  (SELECT 'the host was overloaded' FROM overloads o
    WHERE o.from_t <= f.t AND o.to_t > f.dialled_t LIMIT 1) AS excuse
FROM forgotten f
WHERE f.dials BETWEEN 1 AND 4
  OR f.dials > 0 AND EXISTS (
    SELECT 1 FROM lives l WHERE l.node = f.owner AND l.ready_t < f.dialled_t)
  AND NOT EXISTS (
    SELECT 1 FROM pex_troubles x
    WHERE (x.node IS NULL OR x.node IN (f.node, f.owner))
      AND x.from_t <= f.t AND x.until_t > f.dialled_t)
  OR f.dials = 0 AND f.owner <> f.node
  AND (SELECT count(*) FROM node_addresses a WHERE a.node = f.owner) = 1
ORDER BY f.t, f.node, f.n;

SELECT count(*) FROM known_peers WHERE peer_node IS NOT NULL;
