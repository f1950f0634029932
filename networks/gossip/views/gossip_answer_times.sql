-- view: gossip_answer_times
-- summary: The shortest time that a seed or peer has for an answer.
-- provides: answer_times
-- column: run: the run
-- column: shortest: the least `answer-timeout`, in microseconds

SELECT run, min(options ->> 'answer-timeout') AS shortest
FROM nodes WHERE role IN ('gossip-seed', 'gossip-peer')
GROUP BY run;
