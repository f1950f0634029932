-- view: kptp_deadlines
-- summary: What a kPTP peer's options imply about the time that it takes, in microseconds. With
--   m misses, heartbeat interval i and timeout a:
-- column: run: the run
-- column: node: the peer
-- column: patience: (m - 1) i: a frozen peer cannot be removed sooner
-- column: leave_within: m (i + a) + 1 s: from a peer's death to its removal
-- column: route_within: m (i + a) + 4 i + 1 s: until there is a way around the dead
-- column: settle_within: m (i + a) + 8 i + 1 s: until the places of the dead are taken by the
--   closest of the living
-- column: heal_within: m (i + a) + 40 i + 1 s: the same after a separation, when each round only
--   one of 8 peers asks a bootstrap address

SELECT run, node, patience, leave_within, leave_within + 4 * interval AS route_within,
  leave_within + 8 * interval AS settle_within,
  leave_within + 40 * interval AS heal_within
FROM (
  SELECT run, node, interval, timeout, (misses - 1) * interval AS patience,
    misses * (interval + timeout) + 1000000 AS leave_within
  FROM (
    SELECT run, node, options ->> 'heartbeat-interval' AS interval,
      options ->> 'heartbeat-timeout' AS timeout, options ->> 'heartbeat-misses' AS misses
    FROM nodes WHERE role = 'kptp-peer'
  )
);
