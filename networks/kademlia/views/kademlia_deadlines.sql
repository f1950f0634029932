-- view: kademlia_deadlines
-- summary: What the options of a node of a Kademlia network imply about the time that it takes,
--   in microseconds. With ping interval p, refresh interval f, republish interval r, rpc timeout
--   a, join retry j and m failures:
-- column: run: the run
-- column: node: the node
-- column: k: its option of that name
-- column: value_lifetime: its option of that name
-- column: gone_within: 1.25 p + m a + 1 s: until a dead contact has left the routing table
-- column: kept_within: `gone_within` + 2 r: until the values that a dead node held are stored at
--   others again
-- column: heal_within: `kept_within` + 1.25 f + 2 j: until all is well again after a disturbance
--   of the network

SELECT run, node, k, value_lifetime, gone_within, gone_within + 2 * republish AS kept_within,
  gone_within + 2 * republish + refresh * 5 / 4 + 2 * join_retry AS heal_within
FROM (
  SELECT run, node, options ->> 'k' AS k, options ->> 'value-lifetime' AS value_lifetime,
    (options ->> 'ping-interval') * 5 / 4
      + (options ->> 'max-failures') * (options ->> 'rpc-timeout') + 1000000 AS gone_within,
    options ->> 'republish-interval' AS republish,
    options ->> 'refresh-interval' AS refresh, options ->> 'join-retry' AS join_retry
  FROM nodes
  WHERE role = 'kademlia-node'
);
