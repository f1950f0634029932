-- view: planned_nodes
-- summary: A node as the plan has it, whatever became of it.
-- column: run: the run
-- column: node: its name
-- column: node_group: the group of the topology it belongs to
-- column: role: its role's full name; `external` for a program that plays none
-- column: options: its options, defaults included, as JSON; durations in microseconds. NULL: the
--   plan does not say what it does, of a program, and in runs of older versions
-- column: joins: when it starts, in microseconds after the run began; 0 for those of the launch
-- column: stays: from then to the planned stop, in microseconds

WITH
facts AS MATERIALIZED (SELECT run, plan ->> '$.stopAt' AS stop_at FROM runs),
settings AS MATERIALIZED (
  SELECT r.run, s.key AS place, s.value AS options
  FROM runs r JOIN json_each(r.plan, '$.settings') s
),
planned AS MATERIALIZED (
  SELECT r.run, n.value ->> 'name' AS node, n.value ->> 'group' AS node_group,
    n.value ->> 'role' AS role, coalesce(n.value ->> 'joins', 0) AS joins,
    n.value ->> 'settings' AS place
  FROM runs r JOIN json_each(r.plan, '$.nodes') n
)
SELECT n.run, n.node, n.node_group, n.role, s.options, n.joins, f.stop_at - n.joins AS stays
FROM planned n JOIN facts f ON f.run = n.run
  LEFT JOIN settings s ON s.run = n.run AND s.place = n.place;
