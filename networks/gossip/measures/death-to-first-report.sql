-- measure: death-to-first-report
-- says: from a death to the first report

SELECT min(delay) FROM dead_node_reports WHERE death_t IS NOT NULL GROUP BY dead, death_t;
