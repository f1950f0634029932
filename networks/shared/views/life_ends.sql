-- view: life_ends
-- summary: When a life of a node ended, where that was before the run's end. A process that was
--   never ready died in no life of the node's: the one before had ended.
-- column: run: the run
-- column: node: the node
-- column: life: which of its lives, from 1
-- column: t: when it began to go

SELECT run, node, life, min(t) AS t FROM deaths WHERE life IS NOT NULL GROUP BY run, node, life;
