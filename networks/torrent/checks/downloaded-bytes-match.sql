-- check: downloaded-bytes-match
-- promise: A file that is complete has the torrent's SHA-1, whoever gave its chunks.
-- networks: torrent
-- severity: error
-- witnesses: 1
-- too-few: no file was complete
-- asked-if: EXISTS (SELECT 1 FROM planned_nodes
--   WHERE options ->> 'complete' OR options ->> 'torrent' <> '' OR options IS NULL)
-- not-asked: no client has the file

-- A row for each life of a client whose complete file is not the torrent's.
SELECT node AS client, file, size, round(completed_s, 3) AS completed_s,
  (SELECT group_concat(DISTINCT coalesce(c.owner, c.peer)) FROM chunks c
    WHERE c.node = d.node AND c.refused IS NULL AND c.t BETWEEN d.started_t AND d.completed_t)
    AS given_by
FROM downloads d
WHERE NOT intact
ORDER BY completed_t, node;

SELECT count(*) FROM downloads WHERE completed_t IS NOT NULL;
