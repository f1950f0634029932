-- measure: death-to-neighbours-reports
-- says: from a death to each neighbour's report

SELECT min(delay) FROM dead_node_reports WHERE death_t IS NOT NULL
GROUP BY dead, death_t, reporter;
