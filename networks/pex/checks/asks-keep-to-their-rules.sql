-- check: asks-keep-to-their-rules
-- promise: A healthy peer asks one neighbour at a time for a piece, has asks-in-flight of them at
--   most with a neighbour, and leaves one that lacked a piece alone for ask-again.
-- networks: pex
-- severity: error
-- witnesses: 1
-- too-few: nobody was asked for a piece
-- asked-if: (SELECT count(*) FROM planned_nodes WHERE role = 'pex-peer' OR options IS NULL) > 1
-- not-asked: there is no second peer
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'have' > 0 OR options ->> 'share' <> '' OR options IS NULL)
-- not-asked: no peer has a piece
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'want' > 0 OR options ->> 'fetch' <> '' OR options IS NULL)
-- not-asked: no peer wants a piece

-- A row for each ask against a rule. A piece that is coming makes room for the next ask.
WITH
settings AS MATERIALIZED (
  SELECT n.node, n.options ->> 'ask-again' AS ask_again, n.options ->> 'asks-in-flight' AS most
  FROM planned_nodes n JOIN pex_healthy h ON h.node = n.node
),
asks AS MATERIALIZED (
  SELECT *,
    lag(peer) OVER piece AS other,
    lag(coalesce(settled_n, 9e18)) OVER piece AS other_settled_n,
    lag(outcome) OVER one AS before,
    lag(settled_t) OVER one AS before_t
  FROM piece_asks
  WINDOW piece AS (PARTITION BY node, life, hash ORDER BY n),
    one AS (PARTITION BY node, life, hash, peer ORDER BY n)
),
changes AS (
  SELECT node, life, peer, n, hash, asked_s, 1 AS change FROM asks
  UNION ALL
  SELECT node, life, peer, settled_n, hash, NULL, -1 FROM asks WHERE settled_n IS NOT NULL
),
flying AS (
  SELECT node, life, peer, n, hash, asked_s, change,
    sum(change) OVER (PARTITION BY node, life, peer ORDER BY n, change ROWS UNBOUNDED PRECEDING)
      AS flying
  FROM changes
)
SELECT a.node, a.peer, substr(a.hash, 1, 16) AS piece, round(a.asked_s, 3) AS asked_s,
  a.other || ' had been asked and was not settled' AS problem
FROM asks a JOIN settings s ON s.node = a.node
WHERE a.other_settled_n > a.n
UNION ALL
SELECT a.node, a.peer, substr(a.hash, 1, 16), round(a.asked_s, 3),
  'it had lacked it ' || round((a.asked_t - a.before_t) / 1e6, 3) || ' s before'
FROM asks a JOIN settings s ON s.node = a.node
WHERE a.before = 'unanswered' AND a.asked_t - a.before_t < s.ask_again
UNION ALL
SELECT f.node, f.peer, substr(f.hash, 1, 16), round(f.asked_s, 3),
  f.flying || ' asks at once'
FROM flying f JOIN settings s ON s.node = f.node
WHERE f.change = 1 AND f.flying > s.most + 1;

SELECT count(*) FROM piece_asks;
