-- view: downloads
-- summary: What a client did for its file in one of its lives, from knowing what it has of it. A
--   seeder has all of it then.
-- column: run: the run
-- column: node: the client
-- column: life: the client's how manieth life, from 1
-- column: file: the file's name
-- column: size: its bytes
-- column: chunks: into how many it is cut
-- column: held: how many were on the client's disk at the beginning of this life
-- column: received: how many came in this life
-- column: started_t: when the client knew what it had
-- column: started_s
-- column: completed_t: when it had everything and had read the whole file; NULL: never
-- column: completed_s
-- column: took: seconds from `started_t` to `completed_t`
-- column: intact: 1: the whole file's SHA-1 is the torrent's; 0: it is not; NULL: not complete

WITH
marks AS MATERIALIZED (
  SELECT run, node, n, t, kind, data,
    sum(kind = 'node.ready') OVER (PARTITION BY run, node ORDER BY n) AS life
  FROM events
  WHERE kind IN (
    'node.ready', 'download.started', 'download.completed', 'chunk.received')
),
lives AS (
  SELECT run, node, life,
    min(data ->> 'file') AS file, min(data ->> 'size') AS size,
    min(data ->> 'chunks') AS chunks, min(data ->> 'held') AS held,
    sum(kind = 'chunk.received') AS received,
    min(t) FILTER (WHERE kind = 'download.started') AS started_t,
    min(t) FILTER (WHERE kind = 'download.completed') AS completed_t,
    min(data ->> 'hash') FILTER (WHERE kind = 'download.started') AS due_hash,
    min(data ->> 'hash') FILTER (WHERE kind = 'download.completed') AS found_hash
  FROM marks WHERE kind <> 'node.ready' GROUP BY run, node, life
)
SELECT l.run, l.node, l.life, l.file, l.size, l.chunks, l.held, l.received,
  l.started_t, (l.started_t - r.began_t) / 1e6 AS started_s,
  l.completed_t, (l.completed_t - r.began_t) / 1e6 AS completed_s,
  (l.completed_t - l.started_t) / 1e6 AS took, l.found_hash = l.due_hash AS intact
FROM lives l JOIN runs r ON r.run = l.run
WHERE l.started_t IS NOT NULL;
