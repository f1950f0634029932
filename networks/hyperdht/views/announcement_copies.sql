-- view: announcement_copies
-- summary: A node of a HyperDHT network took an announcement, or dropped it.
-- column: run: the run
-- column: node: the keeper
-- column: key: 64 hexadecimal digits
-- column: peer: the announced address
-- column: sender: the address that sent the announcement
-- column: sender_node: whose that is; NULL: no node of this run
-- column: what: `stored`, `unannounced` or `expired`
-- column: t: when
-- column: s

SELECT e.run, e.node, e.data ->> 'key' AS key, e.peer, e.data ->> 'sender' AS sender,
  n.node AS sender_node,
  iif(e.kind = 'announcement.stored', 'stored', e.data ->> 'reason') AS what,
  e.t, (e.t - r.began_t) / 1e6 AS s
FROM events e JOIN runs r ON r.run = e.run
  LEFT JOIN node_addresses n ON n.run = e.run AND n.address = e.data ->> 'sender'
WHERE e.kind IN ('announcement.stored', 'announcement.removed');
