extension View {
  /// What the checks of the torrent, and people, ask about.
  static let torrent = [
    downloads, chunks, torrentDeadlines, downloadDuties, lateDownloads, spreadDuties,
    trackerDuties,
  ]

  static let downloads = View(
    name: "downloads",
    summary: """
      What a client did for its file in one of its lives, from knowing what it has of it. A seeder \
      has all of it then.
      """,
    columns: [
      ("run", "the run"),
      ("node", "the client"),
      ("life", "the client's how manieth life, from 1"),
      ("file", "the file's name"),
      ("size", "its bytes"),
      ("chunks", "into how many it is cut"),
      ("held", "how many were on the client's disk at the beginning of this life"),
      ("received", "how many came in this life"),
      ("started_t", "when the client knew what it had"),
      ("started_s", "seconds from the run's beginning to `started_t`"),
      ("completed_t", "when it had everything and had read the whole file; NULL: never"),
      ("completed_s", "seconds from the run's beginning to `completed_t`"),
      ("took", "seconds from `started_t` to `completed_t`"),
      ("intact", "1: the whole file's SHA-1 is the torrent's; 0: it is not; NULL: not complete"),
    ],
    body: """
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
      WHERE l.started_t IS NOT NULL
      """)

  static let chunks = View(
    name: "chunks",
    summary: "A chunk that an owner gave to a client, good or not.",
    columns: [
      ("run", "the run"),
      ("node", "the client"),
      ("chunk", "its order number in the file, from 0"),
      ("owner", "who gave it; NULL: no node of this run"),
      ("peer", "the owner's address"),
      ("t", "when it was on the client's disk, or was refused"),
      ("s", "seconds from the run's beginning to `t`"),
      ("bytes", "how many; NULL of a refused one"),
      ("took", "seconds from asking to having it; NULL of a refused one"),
      ("refused", "why, in the words of `chunk.rejected`; NULL: it was good"),
    ],
    body: """
      SELECT e.run, e.node, e.data ->> 'chunk' AS chunk, o.node AS owner, e.peer,
        e.t, (e.t - r.began_t) / 1e6 AS s, e.data ->> 'bytes' AS bytes,
        (e.data ->> 'took') / 1e6 AS took, e.data ->> 'reason' AS refused
      FROM events e JOIN runs r ON r.run = e.run
        LEFT JOIN nodes o ON o.run = e.run AND o.address = e.peer
      WHERE e.kind IN ('chunk.received', 'chunk.rejected')
      """)

  static let torrentDeadlines = View(
    name: "torrent_deadlines",
    summary: """
      What the options of a run's torrent imply about the time that things take, in microseconds. \
      With a tracker's ping interval p and ping timeout o, and of the clients the longest chunk \
      timeout c, avoidance a, tracker timeout t, owners interval w, DHT interval d and pace for all of its \
      chunks q:
      """,
    columns: [
      ("run", "the run"),
      ("forget_within", "p + o + 1 s: from a client's death until the tracker has forgotten it"),
      (
        "finish_within",
        "2 (c + a) + p + o + t + 2 w + q + 2 s, and a second for each 8 MiB that all clients fetch: "
          + "from the last disturbance until every file is complete that can be"
      ),
      (
        "finish_by_dht_within",
        "`finish_within` + d + 15 s, without p and o: the same where only the DHT is left"
      ),
    ],
    body: """
      WITH
      trackers AS (
        SELECT run, max((options ->> 'ping-interval') + (options ->> 'ping-timeout')) AS ping
        FROM nodes WHERE role = 'torrent-tracker' GROUP BY run
      ),
      clients AS (
        SELECT run,
          2 * (max(options ->> 'chunk-timeout') + max(options ->> 'avoid-for'))
            + max(options ->> 'tracker-timeout') + 2 * max(options ->> 'owners-interval')
            + 2000000 AS patience, max(options ->> 'pace') AS pace,
          max(options ->> 'dht-interval') AS dht_interval
        FROM nodes WHERE role = 'torrent-client' GROUP BY run
      ),
      fetched AS (
        SELECT run, sum(size) AS bytes, max(chunks) AS chunks FROM (
          SELECT run, node, max(size) AS size, max(chunks) AS chunks FROM downloads
          GROUP BY run, node
        ) GROUP BY run
      )
      SELECT c.run, t.ping + 1000000 AS forget_within,
        c.patience + c.pace * f.chunks + coalesce(t.ping, 0) + f.bytes * 1000000 / 8388608 AS finish_within,
        c.patience + c.pace * f.chunks + f.bytes * 1000000 / 8388608 + c.dht_interval + 15000000
          AS finish_by_dht_within
      FROM clients c JOIN fetched f ON f.run = c.run LEFT JOIN trackers t ON t.run = c.run
      """)
}
