-- view: holepunches
-- summary: A node of a HyperDHT network began to open a way to a peer, through NATs if need be.
-- column: run: the run
-- column: node: who began
-- column: life: which life of the node, from 1
-- column: punch: its number in that life
-- column: peer: the peer's address, as it was announced
-- column: peer_node: its name; NULL: no node of this run
-- column: referrer: who passed a ping on to the peer
-- column: started_t: when it began
-- column: started_s
-- column: outcome: `open`, `failed`, or NULL: it had not ended at the end of that life
-- column: took: seconds from its beginning to that
-- column: opened_t: when a datagram had come from the peer directly; NULL: never
-- column: opened_at: the address that the peer answered from
-- column: asked_t: when the peer answered a ping of the node's that was passed on, by its own
--   log, which tells it once a minute; NULL: never
-- column: heard_t: when, after such a ping, it first heard the node directly, by its own log
-- column: sent: datagrams sent over the open way; NULL: they had not all been
-- column: answered: how many of them the peer answered
-- column: finished_t: when all had been answered or given up

WITH
marks AS MATERIALIZED (
  SELECT run, node, n, t, kind, peer, data,
    sum(kind = 'node.ready') OVER (PARTITION BY run, node ORDER BY n) AS life
  FROM events
  WHERE kind IN ('node.ready', 'holepunch.started', 'holepunch.opened', 'holepunch.failed',
    'holepunch.finished', 'holepunch.asked', 'holepunch.heard')
),
told AS MATERIALIZED (
  SELECT m.run, m.node, m.kind, m.t, a.node AS asker
  FROM marks m JOIN node_addresses a ON a.run = m.run AND a.address = m.peer
  WHERE m.kind IN ('holepunch.asked', 'holepunch.heard')
),
ends AS MATERIALIZED (
  SELECT run, node, life, data ->> 'punch' AS punch,
    max(t) FILTER (WHERE kind = 'holepunch.opened') AS opened_t,
    max(peer) FILTER (WHERE kind = 'holepunch.opened') AS opened_at,
    max(t) FILTER (WHERE kind = 'holepunch.failed') AS failed_t,
    max((data ->> 'took') / 1e6) AS took, max(data ->> 'sent') AS sent,
    max(data ->> 'answered') AS answered,
    max(t) FILTER (WHERE kind = 'holepunch.finished') AS finished_t
  FROM marks
  WHERE kind IN ('holepunch.opened', 'holepunch.failed', 'holepunch.finished')
  GROUP BY run, node, life, punch
)
SELECT m.run, m.node, m.life, m.data ->> 'punch' AS punch, m.peer, a.node AS peer_node,
  m.data ->> 'referrer' AS referrer,
  m.t AS started_t, (m.t - r.began_t) / 1e6 AS started_s,
  iif(e.opened_t IS NULL, iif(e.failed_t IS NULL, NULL, 'failed'), 'open') AS outcome, e.took,
  e.opened_t, e.opened_at,
  (SELECT min(t) FROM told o
    WHERE o.run = m.run AND o.node = a.node AND o.asker = m.node
      AND o.kind = 'holepunch.asked' AND o.t >= m.t - 60000000) AS asked_t,
  (SELECT min(t) FROM told o
    WHERE o.run = m.run AND o.node = a.node AND o.asker = m.node
      AND o.kind = 'holepunch.heard' AND o.t >= m.t - 60000000) AS heard_t,
  e.sent, e.answered, e.finished_t
FROM marks m JOIN runs r ON r.run = m.run
  LEFT JOIN node_addresses a ON a.run = m.run AND a.address = m.peer
  LEFT JOIN ends e ON e.run = m.run AND e.node = m.node AND e.life = m.life
    AND e.punch = m.data ->> 'punch'
WHERE m.kind = 'holepunch.started';
