-- check: only-dead-nodes-are-reported
-- promise: Nobody reports a peer that lives in reach, or one that was frozen too short to tell.
-- networks: gossip
-- severity: error
-- witnesses: 2
-- too-few: fewer than two peers ever had a link, so nobody could be reported
-- asked-if: (SELECT count(*) FROM planned_nodes WHERE role = 'gossip-peer' OR options IS NULL) > 1
-- not-asked: there is no second peer

-- A row for each reporter and death (or peer that never died) with false reports. A report is true
-- from the death on, and until a second after the node is back (it may be on its way); of a frozen
-- node not before as many replies can be missing as the reporter waits for
-- (gossip_deadlines.patience). A separation of the two excuses it from as long after its beginning,
-- until the report of it must have been made (gossip_deadlines.report_within). Two nodes' times may
-- differ (clock_skews).
WITH
skew AS MATERIALIZED (SELECT most FROM clock_skews),
missing AS MATERIALIZED (SELECT * FROM deaths),
separated AS MATERIALIZED (SELECT * FROM separations),
reports AS MATERIALIZED (
  SELECT p.*, g.patience, g.report_within
  FROM dead_node_reports p LEFT JOIN gossip_deadlines g ON g.node = p.reporter
),
false_ones AS (
  SELECT dead, reporter, min(reported_t) AS reported_t, min(reported_s) AS reported_s,
    group_concat(DISTINCT seed) AS told, death_t, report_within
  FROM (SELECT * FROM reports ORDER BY seed) p
  WHERE NOT EXISTS (
    SELECT 1 FROM missing m
    WHERE m.node = p.dead AND (m.back_t IS NULL
      OR p.reported_t - (SELECT most FROM skew) <= m.back_t + 1000000)
      AND p.reported_t + (SELECT most FROM skew) >= m.t + iif(m.cause = 'frozen',
        coalesce(p.patience, 0), 0))
    AND NOT EXISTS (
      SELECT 1 FROM separated x
        JOIN fault_sides a ON a.fault = x.fault AND a.node = p.reporter
        JOIN fault_sides b ON b.fault = x.fault AND b.node = p.dead AND b.side <> a.side
      WHERE p.reported_t + (SELECT most FROM skew) >= x.from_t + coalesce(p.patience, 0)
        AND (x.to_t IS NULL
          OR p.reported_t - (SELECT most FROM skew) <= x.to_t + coalesce(p.report_within, 0)))
  GROUP BY dead, reporter, death_t
)
SELECT p.dead AS reported, p.reporter, round(p.reported_s, 3) AS reported_s,
  replace(p.told, ',', ', ') AS told,
  CASE
    WHEN NOT EXISTS (SELECT 1 FROM nodes n WHERE n.node = p.dead)
      THEN 'no node of this run has that address'
    WHEN d.t IS NULL THEN 'it had not died'
    WHEN d.back_t + 1000000 < p.reported_t THEN 'it was back since ' || round(d.back_s, 3) || ' s'
    ELSE 'it was frozen only since ' || round(d.s, 3) || ' s'
  END AS but,
  (SELECT 'the host was overloaded for ' || round(sum(lost) / 1e6, 1) || ' s before'
    FROM (
      SELECT min(to_t, p.reported_t) - max(from_t, p.reported_t - p.report_within) AS lost
      FROM overloads)
    WHERE lost > 0
    HAVING count(*) > 0) AS excuse
FROM false_ones p LEFT JOIN missing d ON d.node = p.dead AND d.t = p.death_t
ORDER BY p.reported_t, p.reporter;

SELECT count(DISTINCT node) FROM links;
