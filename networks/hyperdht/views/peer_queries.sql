-- view: peer_queries
-- summary: A query of a node of a HyperDHT network that came to its end.
-- column: run: the run
-- column: node: who asked
-- column: life: which life of the node, from 1
-- column: query: its number in that life
-- column: purpose: `lookup`, `announce` or `unannounce`
-- column: key: 64 hexadecimal digits
-- column: place: the first 62 bits of the key as a number
-- column: closest: the same of the closest node that answered; -1: nobody did
-- column: started_t: when it began
-- column: started_s
-- column: finished_t: when it ended
-- column: finished_s
-- column: steps: the longest chain of nodes that answered, each named by the one before
-- column: asked: nodes that were asked
-- column: answered: how many of them answered
-- column: missed: how many of them are closer than the closest that answered
-- column: updated: nodes that took an announcement, or its withdrawal
-- column: peers: peers that were found
-- column: took: seconds from start to end

WITH
marks AS MATERIALIZED (
  SELECT run, node, n, t, kind, peer, data,
    sum(kind = 'node.ready') OVER (PARTITION BY run, node ORDER BY n) AS life
  FROM events
  WHERE kind IN ('node.ready', 'query.started', 'query.finished')
),
ended AS MATERIALIZED (SELECT * FROM life_ends),
-- Not the end less `took`: that is measured by the node's clock, which stands still while it
-- handles one thing.
begun AS MATERIALIZED (
  SELECT run, node, life, data ->> 'query' AS query, t FROM marks WHERE kind = 'query.started'
)
SELECT m.run, m.node, m.life, m.data ->> 'query' AS query, m.data ->> 'purpose' AS purpose,
  m.data ->> 'key' AS key, m.data ->> 'place' AS place, m.data ->> 'closest' AS closest,
  b.t AS started_t, (b.t - r.began_t) / 1e6 AS started_s,
  m.t AS finished_t, (m.t - r.began_t) / 1e6 AS finished_s,
  m.data ->> 'steps' AS steps, m.data ->> 'asked' AS asked,
  m.data ->> 'answered' AS answered, m.data ->> 'missed' AS missed,
  m.data ->> 'updated' AS updated, m.data ->> 'peers' AS peers, (m.data ->> 'took') / 1e6 AS took
FROM marks m JOIN runs r ON r.run = m.run
  JOIN begun b ON b.run = m.run AND b.node = m.node AND b.life = m.life
    AND b.query = m.data ->> 'query'
WHERE m.kind = 'query.finished';
