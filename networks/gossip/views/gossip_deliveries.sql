-- view: gossip_deliveries
-- summary: The first arrival of a text at a peer.
-- column: run: the run
-- column: message: the text with its identity, `TIMESTAMP:HOST:PORT:TEXT`
-- column: origin: who sent it first; NULL: no node of this run logged that
-- column: node: where it arrived
-- column: via: the neighbour that passed it on
-- column: sent_t: when it was first sent
-- column: sent_s
-- column: received_t: when it arrived
-- column: received_s
-- column: delay: seconds from one to the other

WITH
sent AS MATERIALIZED (
  SELECT run, data ->> 'message' AS message, node AS origin, min(t) AS sent_t
  FROM events WHERE kind = 'gossip.sent' GROUP BY run, message
),
received AS MATERIALIZED (
  SELECT run, data ->> 'message' AS message, node, peer, min(t) AS received_t
  FROM events WHERE kind = 'gossip.received' GROUP BY run, message, node
)
SELECT g.run, g.message, s.origin, g.node, coalesce(v.node, g.peer) AS via,
  s.sent_t, (s.sent_t - r.began_t) / 1e6 AS sent_s,
  g.received_t, (g.received_t - r.began_t) / 1e6 AS received_s,
  (g.received_t - s.sent_t) / 1e6 AS delay
FROM received g JOIN runs r ON r.run = g.run
  LEFT JOIN sent s ON s.run = g.run AND s.message = g.message
  LEFT JOIN nodes v ON v.run = g.run AND v.address = g.peer;
