-- view: answer_times
-- summary: The shortest time that the nodes of a run have for an answer, as each network says
--   whose nodes wait for some: its view that `provides` this one. Without one, no latency is a
--   separation.
-- column: run: the run
-- column: shortest: in microseconds

SELECT run, NULL AS shortest FROM runs WHERE false;
