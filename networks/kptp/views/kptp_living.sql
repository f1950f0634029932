-- view: kptp_living
-- summary: A peer that lived when the run was stopped.
-- column: run: the run
-- column: node: the peer
-- column: number: its ID as a number from 0 to 65,535
-- column: stopping_t: when the run was stopped

WITH
absent AS MATERIALIZED (
  SELECT d.run, d.node FROM deaths d JOIN runs r ON r.run = d.run
  WHERE d.t <= r.stopping_t AND (d.back_t IS NULL OR d.back_t > r.stopping_t)
)
SELECT k.run, k.node, k.number, r.stopping_t
FROM kptp_peers k JOIN runs r ON r.run = k.run
  JOIN nodes n ON n.run = k.run AND n.node = k.node
WHERE n.ready_t < r.stopping_t
  AND NOT EXISTS (SELECT 1 FROM absent a WHERE a.run = k.run AND a.node = k.node);
