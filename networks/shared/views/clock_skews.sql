-- view: clock_skews
-- summary: How far the times of two events may be off, though each is right by its own node: in
--   a simulation nodes' clocks differ (`clock-skew`), and what a program prints without a time
--   gets that at which the supervisor saw it, which is measured (`usage.printed_late`).
-- column: run: the run
-- column: most: between two nodes, in microseconds: twice the `clock-skew`, and the latest look
-- column: of_one: between a node and the supervisor: the `clock-skew`, and the latest look

SELECT run, 2 * skew + late AS most, skew + late AS of_one
FROM (
  SELECT r.run, coalesce(r.plan ->> '$.networkModel.clockSkew', 0) AS skew,
    coalesce((SELECT max(u.printed_late) FROM usage u WHERE u.run = r.run), 0) AS late
  FROM runs r
);
