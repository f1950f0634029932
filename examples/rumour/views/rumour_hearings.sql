-- view: rumour_hearings
-- summary: A rumour and somebody who had two seconds to hear it: both the teller and the hearer
--   were there all that time, and no cut lay between any. A cut is over a moment before that is on
--   record, or after.
-- column: run: the run
-- column: rumour: its text, which no other has
-- column: teller: who started it
-- column: hearer: who should hear it
-- column: started_t: when it was started
-- column: started_s
-- column: heard_t: when it was heard; NULL: never
-- column: heard_s

SELECT e.run, e.data ->> 'rumour' AS rumour, e.node AS teller, n.node AS hearer,
  e.t AS started_t, (e.t - r.began_t) / 1e6 AS started_s,
  h.t AS heard_t, (h.t - r.began_t) / 1e6 AS heard_s
FROM events e JOIN runs r ON r.run = e.run
  JOIN nodes n ON n.run = e.run AND n.node <> e.node AND n.ready_t IS NOT NULL
  LEFT JOIN events h ON h.run = e.run AND h.kind = 'rumour.heard' AND h.node = n.node
    AND h.data ->> 'rumour' = e.data ->> 'rumour'
WHERE e.kind = 'rumour.started' AND e.t > r.began_t AND e.t + 2000000 < r.stopping_t
  AND NOT EXISTS (
    SELECT 1 FROM deaths d
    WHERE d.run = e.run AND d.node IN (n.node, e.node)
      AND d.t < e.t + 2000000 AND coalesce(d.back_t, 9e18) > e.t)
  AND NOT EXISTS (
    SELECT 1 FROM separations s
    WHERE s.run = e.run AND s.from_t < e.t + 2000000 AND coalesce(s.to_t, 9e18) > e.t - 200000);
