-- view: pex_deadlines
-- summary: What the options of a peer of the exchange, and how many others there are, imply
--   about the time that it takes, in microseconds. NULL of a program that plays a peer: how
--   quick it is, nobody says. With ask timeout t, n other nodes, w wanted pieces and s asks in
--   flight:
-- column: run: the run
-- column: node: the peer
-- column: learn_within: two exchange intervals, a dial timeout and a second: until it has heard
--   of everybody, and dialled them
-- column: get_within: ask-again + (n + w / s + 2) t + 1 s: until it has asked for a piece where
--   that is

SELECT n.run, n.node,
  2 * (n.options ->> 'exchange-interval') + (n.options ->> 'dial-timeout') + 1000000
    AS learn_within,
  (n.options ->> 'ask-again') + 1000000 + (n.options ->> 'ask-timeout')
    * (s.nodes + 1 + (n.options ->> 'want') / (n.options ->> 'asks-in-flight'))
    AS get_within
FROM nodes n
  JOIN (SELECT run, count(*) AS nodes FROM nodes GROUP BY run) s ON s.run = n.run
WHERE n.role = 'pex-peer';
