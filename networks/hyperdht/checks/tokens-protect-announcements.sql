-- check: tokens-protect-announcements
-- promise: Nobody announces in another node's name, or takes another node's announcement back.
-- networks: hyperdht
-- severity: error
-- witnesses: 1
-- too-few: no node of the run announced anything that another one kept
-- asked-if: (SELECT count(*) FROM planned_nodes WHERE role LIKE 'hyperdht-%' OR options IS NULL)
--   > 1
-- not-asked: there is no second node
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'announce' <> '' OR options ->> 'announce-count' > 0 OR options IS NULL)
-- not-asked: no node announces a key

-- A row for each announcement that was kept, or dropped as taken back, although the node at the
-- sender's address had not asked for it by then.
WITH
-- How far two nodes' clocks may differ.
skews AS MATERIALIZED (SELECT most AS skew FROM clock_skews),
asked AS MATERIALIZED (SELECT node, key, asked_t, withdrawn_t FROM announcements)
SELECT c.node, c.key, c.sender_node, c.what, round(c.s, 3) AS s
FROM announcement_copies c JOIN skews k
WHERE c.what IN ('stored', 'unannounced') AND c.sender_node IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM asked a
  WHERE a.node = c.sender_node AND a.key = c.key
    AND iif(c.what = 'stored', a.asked_t, a.withdrawn_t) <= c.t + k.skew)
ORDER BY c.t, c.node;

SELECT count(*) FROM announcement_copies WHERE sender_node IS NOT NULL AND what = 'stored';
