extension View {
  /// The table expressions from which duties are made: when the last disturbance was, who is there from
  /// then on, and what they had.
  private static let settled = """
    disturbed AS MATERIALIZED (
      SELECT r.run, max(
        coalesce((
          SELECT max(max(f.applied_t, coalesce(f.confirmed_t, 0), coalesce(f.healed_t, 0)))
          FROM faults f WHERE f.run = r.run AND f.applied_t IS NOT NULL), 0),
        (SELECT max(e.t) FROM events e WHERE e.run = r.run AND e.kind = 'node.ready'))
        AS since_t
      FROM runs r
    ),
    -- Nodes that are there from then on.
    present AS MATERIALIZED (
      SELECT n.run, n.node, n.role, (n.options ->> 'dht') = 1 AS uses_dht
      FROM nodes n
      WHERE NOT EXISTS (
        SELECT 1 FROM deaths d WHERE d.run = n.run AND d.node = n.node AND d.back_t IS NULL)
    ),
    last AS MATERIALIZED (
      SELECT run, node, max(life) AS life, chunks, held, completed_t FROM downloads
      GROUP BY run, node
    ),
    -- Of each client that is there: whether it had everything then, and the chunks it had.
    whole AS MATERIALIZED (
      SELECT p.run, p.node, p.uses_dht, l.chunks
      FROM present p JOIN last l ON l.run = p.run AND l.node = p.node
        JOIN disturbed x ON x.run = p.run
      WHERE l.held = l.chunks OR l.completed_t <= x.since_t
    ),
    parts AS MATERIALIZED (
      SELECT c.run, c.node, p.uses_dht, c.chunk
      FROM chunks c JOIN present p ON p.run = c.run AND p.node = c.node
        JOIN disturbed x ON x.run = c.run
      WHERE c.refused IS NULL AND c.t <= x.since_t
      GROUP BY c.run, c.node, c.chunk
    )
    """

  static let downloadDuties = View(
    name: "download_duties",
    summary: """
      A client that must have its file in the end: it is there from the last disturbance (a fault, \
      its end, or a node that began) until the run is stopped, and every chunk is held by clients \
      that are there too and that it can find.
      """,
    columns: [
      ("run", "the run"),
      ("node", "the client"),
      (
        "by",
        "how it can find them: `tracker`: one is there; `dht`: there is none, but it and they use "
          + "the DHT"
      ),
      ("since_t", "the last disturbance"),
      ("since_s", "seconds from the run's beginning to `since_t`"),
      (
        "deadline_t",
        "`torrent_deadlines.finish_within` later; by the DHT, `finish_by_dht_within`"
      ),
      ("deadline_s", "seconds from the run's beginning to `deadline_t`"),
      ("completed_t", "when its file was complete in its last life; NULL: never"),
      ("completed_s", "seconds from the run's beginning to `completed_t`"),
      ("fulfilled", "1: complete in time"),
      ("judged", "1: fulfilled, or the deadline passed before the run was stopped"),
    ],
    body: """
      WITH
      \(settled),
      found AS (
        SELECT p.run, p.node, l.chunks, l.completed_t,
          iif(EXISTS (
            SELECT 1 FROM present t WHERE t.run = p.run AND t.role = 'torrent-tracker'),
            'tracker', 'dht') AS by, p.uses_dht
        FROM present p JOIN last l ON l.run = p.run AND l.node = p.node
      ),
      able AS (
        SELECT f.* FROM found f
        WHERE (f.by = 'tracker' OR f.uses_dht) AND (
          EXISTS (
            SELECT 1 FROM whole w WHERE w.run = f.run AND (f.by = 'tracker' OR w.uses_dht))
          OR f.chunks = (
            SELECT count(DISTINCT q.chunk) FROM parts q
            WHERE q.run = f.run AND (f.by = 'tracker' OR q.uses_dht OR q.node = f.node)))
      ),
      due AS (
        SELECT a.run, a.node, a.by, x.since_t, a.completed_t,
          x.since_t + iif(a.by = 'tracker', d.finish_within, d.finish_by_dht_within)
            AS deadline_t
        FROM able a JOIN disturbed x ON x.run = a.run JOIN torrent_deadlines d ON d.run = a.run
      )
      SELECT d.run, d.node, d.by, d.since_t, (d.since_t - r.began_t) / 1e6 AS since_s,
        d.deadline_t, (d.deadline_t - r.began_t) / 1e6 AS deadline_s,
        d.completed_t, (d.completed_t - r.began_t) / 1e6 AS completed_s,
        coalesce(d.completed_t <= d.deadline_t, 0) AS fulfilled,
        coalesce(d.completed_t <= d.deadline_t, 0) OR coalesce(r.stopping_t >= d.deadline_t, 0)
          AS judged
      FROM due d JOIN runs r ON r.run = d.run
      """)

  static let lateDownloads = View(
    name: "late_downloads",
    summary:
      "A client that must have had its file in time, as `download_duties` says, and had not.",
    columns: [
      ("run", "the run"),
      ("node", "the client"),
      ("by", "of `download_duties`"),
      ("since_s", "of `download_duties`"),
      ("deadline_s", "of `download_duties`"),
      ("completed_s", "of `download_duties`"),
      (
        "excuse",
        "that the host was overloaded for longer than the client was late; NULL: it was not"
      ),
    ],
    body: """
      SELECT d.run, d.node, d.by, d.since_s, d.deadline_s, d.completed_s, (
        SELECT 'the host was overloaded for ' || round(sum(lost) / 1e6, 1) || ' s meanwhile'
        FROM (
          SELECT min(o.to_t, coalesce(d.completed_t, r.stopping_t)) - max(o.from_t, d.since_t)
            AS lost
          FROM overloads o WHERE o.run = d.run)
        WHERE lost > 0
        HAVING sum(lost) > coalesce(d.completed_t, r.stopping_t) - d.deadline_t) AS excuse
      FROM download_duties d JOIN runs r ON r.run = d.run
      WHERE d.judged AND NOT d.fulfilled
      """)

  static let spreadDuties = View(
    name: "spread_duties",
    summary: """
      Chunks that a client must have in the end, because others have them that are there from the \
      last disturbance on: a row for each client that is there too, while a tracker is.
      """,
    columns: [
      ("run", "the run"),
      ("node", "the client"),
      ("chunks", "that others had, and it had not, at the last disturbance"),
      ("missing", "how many of them it does not have in time"),
      ("since_t", "the last disturbance"),
      ("since_s", "seconds from the run's beginning to `since_t`"),
      ("deadline_t", "`torrent_deadlines.finish_within` later"),
      ("deadline_s", "seconds from the run's beginning to `deadline_t`"),
      ("judged", "1: it has them, or the deadline passed before the run was stopped"),
    ],
    body: """
      WITH
      \(settled),
      shared AS MATERIALIZED (
        SELECT DISTINCT c.run, c.chunk FROM chunks c
        WHERE c.refused IS NULL AND (
          EXISTS (SELECT 1 FROM whole w WHERE w.run = c.run)
          OR EXISTS (SELECT 1 FROM parts q WHERE q.run = c.run AND q.chunk = c.chunk))
      ),
      wanting AS (
        SELECT p.run, p.node, s.chunk, x.since_t, x.since_t + d.finish_within AS deadline_t
        FROM present p JOIN last l ON l.run = p.run AND l.node = p.node
          JOIN shared s ON s.run = p.run JOIN disturbed x ON x.run = p.run
          JOIN torrent_deadlines d ON d.run = p.run
        WHERE EXISTS (
            SELECT 1 FROM present t WHERE t.run = p.run AND t.role = 'torrent-tracker')
          AND NOT EXISTS (SELECT 1 FROM whole w WHERE w.run = p.run AND w.node = p.node)
          AND NOT EXISTS (
            SELECT 1 FROM parts q WHERE q.run = p.run AND q.node = p.node AND q.chunk = s.chunk)
      ),
      got AS MATERIALIZED (
        SELECT run, node, chunk, min(t) AS t FROM chunks WHERE refused IS NULL
        GROUP BY run, node, chunk
      ),
      sums AS (
        SELECT w.run, w.node, w.since_t, w.deadline_t, count(*) AS chunks,
          sum(coalesce(g.t > w.deadline_t, 1)) AS missing
        FROM wanting w
          LEFT JOIN got g ON g.run = w.run AND g.node = w.node AND g.chunk = w.chunk
        GROUP BY w.run, w.node
      )
      SELECT s.run, s.node, s.chunks, s.missing, s.since_t, (s.since_t - r.began_t) / 1e6 AS since_s,
        s.deadline_t, (s.deadline_t - r.began_t) / 1e6 AS deadline_s,
        s.missing = 0 OR coalesce(r.stopping_t >= s.deadline_t, 0) AS judged
      FROM sums s JOIN runs r ON r.run = s.run
      """)

  static let trackerDuties = View(
    name: "tracker_duties",
    summary: """
      A client that a tracker knew when it died, and must have forgotten in time, unless one of the \
      two was gone or back before.
      """,
    columns: [
      ("run", "the run"),
      ("node", "the tracker"),
      ("client", "the dead client"),
      ("cause", "of `deaths`"),
      ("death_t", "when it began to go"),
      ("death_s", "seconds from the run's beginning to `death_t`"),
      ("deadline_t", "`torrent_deadlines.forget_within` later"),
      ("deadline_s", "seconds from the run's beginning to `deadline_t`"),
      ("forgotten_t", "when the tracker forgot it; NULL: never"),
      ("forgotten_s", "seconds from the run's beginning to `forgotten_t`"),
      ("fulfilled", "1: in time"),
      ("judged", "1: fulfilled, or the deadline passed before the run was stopped"),
    ],
    body: """
      WITH
      words AS MATERIALIZED (
        SELECT e.run, e.node, c.node AS client, e.t, e.kind
        FROM events e JOIN nodes c ON c.run = e.run AND c.address = e.peer
        WHERE e.kind IN ('owner.announced', 'owner.forgotten')
      ),
      known AS (
        SELECT d.run, w.node, d.node AS client, d.cause, d.t AS death_t, d.back_t, d.gone_t
        FROM deaths d JOIN (SELECT DISTINCT run, node, client FROM words) w
          ON w.run = d.run AND w.client = d.node
        WHERE (
          SELECT v.kind FROM words v
          WHERE v.run = d.run AND v.node = w.node AND v.client = d.node AND v.t <= d.t
          ORDER BY v.t DESC LIMIT 1) = 'owner.announced'
      ),
      due AS (
        SELECT k.*, k.gone_t + x.forget_within AS deadline_t, (
          SELECT min(v.t) FROM words v
          WHERE v.run = k.run AND v.node = k.node AND v.client = k.client
            AND v.kind = 'owner.forgotten' AND v.t > k.death_t) AS forgotten_t
        FROM known k JOIN torrent_deadlines x ON x.run = k.run
      )
      SELECT d.run, d.node, d.client, d.cause, d.death_t, (d.death_t - r.began_t) / 1e6 AS death_s,
        d.deadline_t, (d.deadline_t - r.began_t) / 1e6 AS deadline_s,
        d.forgotten_t, (d.forgotten_t - r.began_t) / 1e6 AS forgotten_s,
        coalesce(d.forgotten_t <= d.deadline_t, 0) AS fulfilled,
        coalesce(d.forgotten_t <= d.deadline_t, 0)
          OR coalesce(r.stopping_t >= d.deadline_t, 0) AS judged
      FROM due d JOIN runs r ON r.run = d.run
      WHERE coalesce(d.back_t, 9e18) > d.deadline_t AND NOT EXISTS (
        SELECT 1 FROM deaths t
        WHERE t.run = d.run AND t.node = d.node AND t.t <= d.deadline_t
          AND coalesce(t.back_t, 9e18) > d.death_t)
      """)
}
