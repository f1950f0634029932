-- view: gossip_deadlines
-- summary: What a peer's options imply about the time that it takes, in microseconds. With m
--   misses, probe interval i, answer timeout a, relink interval r, seed retry q and gossip delay
--   d:
-- column: run: the run
-- column: node: the peer
-- column: relink_interval: its option of that name
-- column: answer_timeout: its option of that name
-- column: catch_up_window: its option of that name
-- column: patience: (m - 1) i: a frozen neighbour cannot be suspected sooner
-- column: report_within: m i + max(i, a) + a + 1 s: from a neighbour's death to the report of it
-- column: repair_within: `report_within` + 2 r: until lost links are replaced too
-- column: gossip_within: `report_within` + 2 r + d: until missed texts are caught up with as
--   well
-- column: heal_within: `report_within` + 2 a + 34 r + q + d: the same after a separation, when
--   others have to be listed again first and both wait up to 16 r for their next round

SELECT run, node, relink_interval, answer_timeout, catch_up_window, patience, report_within,
  report_within + 2 * relink_interval AS repair_within,
  report_within + 2 * relink_interval + gossip_delay AS gossip_within,
  report_within + 2 * answer_timeout + 34 * relink_interval + seed_retry + gossip_delay
    AS heal_within
FROM (
  SELECT run, node,
    options ->> 'relink-interval' AS relink_interval,
    options ->> 'answer-timeout' AS answer_timeout,
    options ->> 'catch-up-window' AS catch_up_window,
    options ->> 'seed-retry' AS seed_retry,
    options ->> 'gossip-delay' AS gossip_delay,
    (options ->> 'liveness-misses' - 1) * (options ->> 'liveness-interval') AS patience,
    (options ->> 'liveness-misses') * (options ->> 'liveness-interval')
      + max(options ->> 'liveness-interval', options ->> 'answer-timeout')
      + (options ->> 'answer-timeout') + 1000000 AS report_within
  FROM nodes
  WHERE role = 'gossip-peer'
);
