-- view: kptp_answer_times
-- summary: The shortest time that a peer has for an answer.
-- provides: answer_times
-- column: run: the run
-- column: shortest: the least `heartbeat-timeout`, in microseconds

SELECT run, min(options ->> 'heartbeat-timeout') AS shortest
FROM nodes WHERE role = 'kptp-peer'
GROUP BY run;
