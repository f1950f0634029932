-- check: nobody-alive-is-removed
-- promise: Nobody drops a peer that lives in reach, or one that was frozen too short to tell.
-- networks: kptp
-- severity: error
-- witnesses: 2
-- too-few: no two peers ever entered a table, so nobody could be dropped
-- asked-if: (SELECT count(*) FROM planned_nodes WHERE role = 'kptp-peer' OR options IS NULL) > 1
-- not-asked: there is no second peer

-- A row for each table and false removal. A removal is true from the peer's death on, and until a
-- second after it is back (an answer may be on its way); of a frozen peer not before as many
-- heartbeats can be missing as the owner waits for (kptp_deadlines.patience). A separation of the
-- two excuses it from as long after its beginning until a death would have been noticed
-- (kptp_deadlines.leave_within). Two nodes' times may differ (clock_skews).
WITH
skew AS MATERIALIZED (SELECT most FROM clock_skews),
missing AS MATERIALIZED (SELECT * FROM deaths),
removals AS MATERIALIZED (
  SELECT e.*, k.patience, k.leave_within
  FROM routing_entries e JOIN kptp_deadlines k ON k.node = e.node JOIN runs r
  WHERE e.reason IN ('silent', 'forgotten') AND (r.stopping_t IS NULL OR e.until_t < r.stopping_t)
)
SELECT coalesce(e.peer_node, e.peer) AS removed, e.node AS by_peer,
  round(e.until_s, 3) AS removed_s,
  e.reason AS said,
  CASE
    WHEN e.peer_node IS NULL THEN 'no node of this run has that address'
    WHEN NOT EXISTS (SELECT 1 FROM missing m WHERE m.node = e.peer_node AND m.t <= e.until_t)
      THEN 'it had not died'
    ELSE 'it was back, or frozen too short'
  END AS but,
  (SELECT 'the host was overloaded for ' || round(sum(lost) / 1e6, 1) || ' s before'
    FROM (SELECT min(to_t, e.until_t) - max(from_t, e.until_t - e.leave_within) AS lost
      FROM overloads)
    WHERE lost > 0
    HAVING count(*) > 0) AS excuse
FROM removals e
WHERE NOT EXISTS (
    SELECT 1 FROM missing m
    WHERE m.node = e.peer_node AND (m.back_t IS NULL
      OR e.until_t - (SELECT most FROM skew) <= m.back_t + 1000000)
      AND e.until_t + (SELECT most FROM skew) >= m.t + iif(m.cause = 'frozen', e.patience, 0))
  AND NOT EXISTS (
    SELECT 1 FROM separations x
      JOIN fault_sides a ON a.fault = x.fault AND a.node = e.node
      JOIN fault_sides b ON b.fault = x.fault AND b.node = e.peer_node AND b.side <> a.side
    WHERE e.until_t + (SELECT most FROM skew) >= x.from_t + e.patience
      AND (x.to_t IS NULL OR e.until_t - (SELECT most FROM skew) <= x.to_t + e.leave_within))
ORDER BY e.until_t, e.node;

SELECT count(*) FROM routing_entries;
