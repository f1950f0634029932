-- view: pex_troubles
-- summary: A time in which a node was away, or the network kept nodes apart, by whichever clock.
-- column: run: the run
-- column: node: who was away; NULL: any may have been kept from others
-- column: from_t: when it began, at the earliest
-- column: until_t: when it ended, at the latest; 9e18: never

SELECT d.run, d.node, d.t - k.of_one AS from_t, coalesce(d.back_t + k.of_one, 9e18) AS until_t
FROM deaths d JOIN clock_skews k ON k.run = d.run
UNION ALL
SELECT s.run, NULL, s.from_t - k.of_one, coalesce(s.to_t + k.of_one, 9e18)
FROM separations s JOIN clock_skews k ON k.run = s.run;
