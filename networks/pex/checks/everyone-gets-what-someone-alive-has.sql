-- check: everyone-gets-what-someone-alive-has
-- promise: A wanted piece comes in time to a node that is connected to a live one that has it.
-- networks: pex
-- severity: error
-- witnesses: 1
-- too-few: no node wanted a piece and got it, or was connected for long enough to one that has it
-- asked-if: (SELECT count(*) FROM planned_nodes WHERE role = 'pex-peer' OR options IS NULL) > 1
-- not-asked: there is no second peer
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'have' > 0 OR options ->> 'share' <> '' OR options IS NULL)
-- not-asked: no peer has a piece
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'want' > 0 OR options ->> 'fetch' <> '' OR options IS NULL)
-- not-asked: no peer wants a piece

-- A row for each node and piece that did not come, or came too late. In time: the neighbours that
-- are asked before, the other wanted pieces, and a second (pex_deadlines.get_within). Time in which
-- the host was overloaded does not count. What programs have and want is not judged: they log
-- nothing of it.
SELECT d.node, substr(d.hash, 1, 16) AS piece, d.owner, round(d.since_s, 3) AS since_s,
  round(d.deadline_s, 3) AS due_s, round(d.held_s, 3) AS came_s,
  (SELECT 'the host was overloaded for ' || round(sum(lost) / 1e6, 1) || ' s meanwhile'
    FROM (
      SELECT min(to_t, coalesce(d.held_t, r.stopping_t)) - max(from_t, d.since_t) AS lost
      FROM overloads)
    WHERE lost > 0
    HAVING sum(lost) > coalesce(d.held_t, r.stopping_t) - d.deadline_t) AS excuse
FROM piece_duties d JOIN runs r
WHERE NOT d.fulfilled
ORDER BY d.deadline_t, d.node, d.hash;

SELECT count(*) FROM piece_duties;
