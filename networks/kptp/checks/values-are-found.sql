-- check: values-are-found
-- promise: A value that was put is found intact by whoever wants it, while nobody comes or goes.
-- networks: kptp
-- severity: error
-- witnesses: 1
-- too-few: nobody wanted a value that had been put, or only while peers died, came back or started
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'put-count' > 0 OR options IS NULL)
-- not-asked: no peer puts a value
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'get-count' > 0 OR options IS NULL)
-- not-asked: no peer wants one

-- A row for each value that was not found, or not as it was put.
SELECT v.node AS peer, v.key, v.owner, round(v.put_s, 3) AS put_s, v.copies,
  round(v.s, 3) AS wanted_s,
  (SELECT 'the host was overloaded for ' || round(sum(lost) / 1e6, 1) || ' s meanwhile'
    FROM (SELECT min(to_t, v.t) - max(from_t, v.put_t) AS lost FROM overloads)
    WHERE lost > 0
    HAVING count(*) > 0) AS excuse
FROM value_lookups v
WHERE v.judged AND NOT v.found
ORDER BY v.t, v.node;

SELECT count(*) FROM value_lookups WHERE judged;
