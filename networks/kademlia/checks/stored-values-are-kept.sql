-- check: stored-values-are-kept
-- promise: When the run ends, k nodes hold each value that was set, whoever died meanwhile.
-- networks: kademlia
-- severity: error
-- witnesses: 1
-- too-few: no value was set, or a node died, came back, started or was cut off shortly before the
--   end
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'put-count' > 0 OR options IS NULL)
-- not-asked: no node sets a value

-- A row for each value with too few copies.
SELECT v.key, v.holders, v.wanted, round(v.put_s, 3) AS put_s,
  (SELECT 'the host was overloaded for ' || round(sum(lost) / 1e6, 1) || ' s before the end'
    FROM (
      SELECT min(to_t, stopping_t) - max(from_t, stopping_t - within) AS lost
      FROM overloads, runs, (SELECT max(kept_within) AS within FROM kademlia_deadlines))
    WHERE lost > 0
    HAVING count(*) > 0) AS excuse
FROM kept_values v
WHERE v.holders < v.wanted
ORDER BY v.put_t, v.key;

SELECT count(*) FROM kept_values;
