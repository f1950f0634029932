-- measure: process-to-ready
-- says: from a process's start to ready

SELECT (ready_t - spawned_t) / 1e6 FROM nodes WHERE ready_t >= spawned_t;
