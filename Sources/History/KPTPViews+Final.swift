/// Whether the tables lead to everybody: SQL for what they are when the run is stopped.
///
/// IDs have 16 bits. The peers that share the first `p` bits with a peer and not the next one are
/// those whose first `p + 1` bits are the peer's with the last of them flipped. So whether there is
/// one, and whether one is closer than another, is a question for the set of all beginnings of IDs,
/// which grows with the number of peers and not with its square.
extension View {
  /// Table expressions: who lives at the stop, and every beginning of their IDs by its length.
  private static let living = """
    absent AS MATERIALIZED (
        SELECT d.run, d.node FROM deaths d JOIN runs r ON r.run = d.run
        WHERE d.t <= r.stopping_t AND (d.back_t IS NULL OR d.back_t > r.stopping_t)
      ),
      living AS MATERIALIZED (
        SELECT k.run, k.node, k.number, r.stopping_t
        FROM kptp_peers k JOIN runs r ON r.run = k.run
          JOIN nodes n ON n.run = k.run AND n.node = k.node
        WHERE n.ready_t < r.stopping_t
          AND NOT EXISTS (SELECT 1 FROM absent a WHERE a.run = k.run AND a.node = k.node)
      )
    """

  /// Table expressions: when each run was last disturbed, and the runs in which something that takes
  /// so long, a column of `kptp_deadlines`, may not be over at the stop.
  private static func unsettled(_ within: String) -> String {
    """
    disturbances AS (
        SELECT run, node, t FROM deaths
        UNION ALL
        SELECT run, node, back_t FROM deaths
        UNION ALL
        SELECT run, node, ready_t FROM nodes
      ),
      limits AS MATERIALIZED (
        SELECT r.run, r.stopping_t - max(k.\(within)) AS settled_t,
          r.stopping_t - max(k.heal_within) AS healed_t, r.stopping_t
        FROM runs r JOIN kptp_deadlines k ON k.run = r.run GROUP BY r.run
      ),
      unsettled AS MATERIALIZED (
        SELECT l.run
        FROM limits l
          JOIN disturbances c ON c.run = l.run AND c.t > l.settled_t AND c.t <= l.stopping_t
          JOIN nodes n ON n.run = c.run AND n.node = c.node AND n.role = 'kptp-peer'
        UNION
        SELECT l.run
        FROM limits l JOIN separations s
          ON s.run = l.run AND s.from_t <= l.stopping_t AND coalesce(s.to_t, 9e18) > l.healed_t
      )
    """
  }

  static let finalBuckets = View(
    name: "final_buckets",
    summary: """
      A bucket that some live peer belongs into, in the table of one that lived when the run was \
      stopped.
      """,
    columns: [
      ("run", "the run"),
      ("node", "whose table"),
      ("prefix", "the bucket"),
      ("live_entries", "peers in it that lived"),
      ("dead_entries", "others in it"),
      ("nearest", "the live peer in it that is nearest to the owner; NULL: none"),
      (
        "closest",
        "1: no live peer of that bucket is closer; 0: one is, or it holds none that lives"
      ),
      ("settled_t", "the longest `kptp_deadlines.settle_within` before the stop"),
      (
        "settled",
        "1: no peer died, came back or started since then, and no separation ended within "
          + "`kptp_deadlines.heal_within`"
      ),
    ],
    body: """
      WITH
      \(living),
      \(unsettled("settle_within")),
      lengths (bits) AS MATERIALIZED (
        VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11), (12), (13), (14), (15), (16)
      ),
      beginnings AS MATERIALIZED (
        SELECT DISTINCT p.run, b.bits, p.number >> (16 - b.bits) AS value
        FROM living p JOIN lengths b
      ),
      -- What the IDs that belong into each bucket begin with.
      sought AS MATERIALIZED (
        SELECT p.run, p.node, b.bits, (p.number >> (16 - b.bits)) + 1
          - 2 * (p.number >> (16 - b.bits) & 1) AS value
        FROM living p JOIN lengths b
      ),
      -- Looked up with IN, for which SQLite always makes an index; for a join it may not.
      due AS MATERIALIZED (
        SELECT run, node, bits - 1 AS prefix FROM sought
        WHERE (run, bits, value) IN (SELECT run, bits, value FROM beginnings)
      ),
      held AS MATERIALIZED (
        SELECT e.run, e.node, e.prefix, q.node AS peer, q.number, p.number AS own,
          (p.number | q.number) - (p.number & q.number) AS distance
        FROM routing_entries e
          JOIN living p ON p.run = e.run AND p.node = e.node
          LEFT JOIN living q ON q.run = e.run AND q.node = e.peer_node
        WHERE e.since_t < p.stopping_t AND coalesce(e.until_t, 9e18) >= p.stopping_t
      ),
      counted AS MATERIALIZED (
        SELECT run, node, prefix, count(number) AS live_entries,
          count(*) - count(number) AS dead_entries
        FROM held GROUP BY run, node, prefix
      ),
      best AS MATERIALIZED (
        SELECT run, node, prefix, peer, number, own, min(distance)
        FROM held WHERE number IS NOT NULL GROUP BY run, node, prefix
      ),
      -- What IDs begin with that are closer than the best entry: they share more with the owner.
      closer AS MATERIALIZED (
        SELECT h.run, h.node, h.prefix, b.bits, (h.number >> (16 - b.bits)) + 1
          - 2 * (h.number >> (16 - b.bits) & 1) AS value
        FROM best h JOIN lengths b
        WHERE b.bits > h.prefix + 1
          AND (h.number >> (16 - b.bits) & 1) <> (h.own >> (16 - b.bits) & 1)
      ),
      surpassed AS MATERIALIZED (
        SELECT DISTINCT run, node, prefix FROM closer
        WHERE (run, bits, value) IN (SELECT run, bits, value FROM beginnings)
      )
      SELECT d.run, d.node, d.prefix, coalesce(c.live_entries, 0) AS live_entries,
        coalesce(c.dead_entries, 0) AS dead_entries, h.peer AS nearest,
        h.peer IS NOT NULL AND s.node IS NULL AS closest, l.settled_t,
        d.run NOT IN (SELECT run FROM unsettled) AS settled
      FROM due d JOIN limits l ON l.run = d.run
        LEFT JOIN counted c ON c.run = d.run AND c.node = d.node AND c.prefix = d.prefix
        LEFT JOIN best h ON h.run = d.run AND h.node = d.node AND h.prefix = d.prefix
        LEFT JOIN surpassed s ON s.run = d.run AND s.node = d.node AND s.prefix = d.prefix
      """)

  static let finalRoutes = View(
    name: "final_routes",
    summary: """
      The way from one live peer to another when the run was stopped: from table to table, each time \
      to the nearest live peer in the bucket that the target belongs into. Of many pairs, some \
      20,000 spread over all.
      """,
    columns: [
      ("run", "the run"),
      ("node", "where it begins"),
      ("target", "whom it leads to"),
      ("reached", "1: it ends at the target's ID, which two peers may share"),
      ("steps", "tables that were asked before it ended"),
      ("last", "where it ended"),
      ("blocked", "1: only the dead stood in the bucket where it ended"),
      ("settled_t", "the longest `kptp_deadlines.route_within` before the stop"),
      (
        "settled",
        "1: no peer died, came back or started since then, and no separation ended lately"
      ),
    ],
    body: """
      WITH RECURSIVE
      \(living),
      \(unsettled("route_within")),
      placed AS MATERIALIZED (
        SELECT run, node, number, row_number() OVER (PARTITION BY run ORDER BY number, node) AS place,
          max(1, count(*) OVER (PARTITION BY run) * count(*) OVER (PARTITION BY run) / 20000)
            AS stride
        FROM living
      ),
      hops AS MATERIALIZED (
        SELECT b.run, b.node, b.prefix, b.nearest, b.dead_entries, n.number
        FROM final_buckets b
          LEFT JOIN living n ON n.run = b.run AND n.node = b.nearest
      ),
      walk (run, node, target, goal, at, number, steps) AS (
        SELECT a.run, a.node, b.node, b.number, a.node, a.number, 0
        FROM placed a JOIN placed b ON b.run = a.run AND b.number <> a.number
        WHERE (a.place + b.place) % a.stride = 0
        UNION ALL
        SELECT w.run, w.node, w.target, w.goal, h.nearest, h.number, w.steps + 1
        FROM walk w JOIN hops h
          ON h.run = w.run AND h.node = w.at AND h.number IS NOT NULL
            AND h.prefix = \(prefix("(w.number | w.goal) - (w.number & w.goal)"))
      ),
      -- The last step of each way: SQLite takes the other columns from the row with the most.
      ends AS MATERIALIZED (
        SELECT run, node, target, goal, at, number, max(steps) AS steps
        FROM walk GROUP BY run, node, target
      )
      SELECT e.run, e.node, e.target, e.number = e.goal AS reached, e.steps, e.at AS last,
        coalesce(h.dead_entries > 0, 0) AS blocked, l.settled_t,
        e.run NOT IN (SELECT run FROM unsettled) AS settled
      FROM ends e JOIN limits l ON l.run = e.run
        LEFT JOIN hops h
          ON e.number <> e.goal AND h.run = e.run AND h.node = e.at
            AND h.prefix = \(prefix("(e.number | e.goal) - (e.number & e.goal)"))
      """)

  /// SQL for the bits that two IDs share, from their distance. NULL for no distance.
  private static func prefix(_ distance: String) -> String {
    let cases = (0..<16).map { "WHEN \(distance) >= \(1 << (15 - $0)) THEN \($0)" }
    return "CASE \(cases.joined(separator: " ")) END"
  }

  static let valueLookups = View(
    name: "value_lookups",
    summary: "A peer that wanted the value of a key, and whether it got it.",
    columns: [
      ("run", "the run"),
      ("node", "who wanted it"),
      ("key", "the key"),
      ("owner", "who puts it; NULL: nobody did before"),
      ("t", "when it had the value, or gave up"),
      ("s", "seconds from the run's beginning to `t`"),
      ("put_t", "when it had last been put, before the peer began to look for it"),
      ("put_s", "seconds from the run's beginning to `put_t`"),
      ("copies", "how many peers kept it then"),
      ("found", "1: it got the value that its owner puts"),
      (
        "judged",
        "1: it had been put, and no peer died, came back or started from "
          + "`kptp_deadlines.route_within` before that until `t`, nor was one separated from another"
      ),
    ],
    body: """
      WITH
      wanted AS MATERIALIZED (
        SELECT e.run, e.node, e.n, e.t, e.data ->> 'key' AS key,
          e.kind = 'value.found' AND coalesce(e.data ->> 'intact', 0) AS found,
          e.t - (e.data ->> 'waited') - s.most AS asked_t, k.route_within, k.heal_within
        FROM events e JOIN kptp_deadlines k ON k.run = e.run AND k.node = e.node
          JOIN clock_skews s ON s.run = e.run
        WHERE e.kind IN ('value.found', 'value.missing')
      ),
      put AS MATERIALIZED (
        SELECT run, node, data ->> 'key' AS key, t, data ->> 'copies' AS copies
        FROM events WHERE kind = 'value.put'
      ),
      found AS MATERIALIZED (
        SELECT w.run, w.node, w.key, w.t, w.found, w.route_within, w.heal_within,
          p.node AS owner, max(p.t) AS put_t, p.copies
        FROM wanted w LEFT JOIN put p ON p.run = w.run AND p.key = w.key AND p.t <= w.asked_t
        GROUP BY w.run, w.node, w.n
      ),
      disturbed AS MATERIALIZED (
        SELECT run, t FROM deaths
        UNION
        SELECT run, back_t FROM deaths WHERE back_t IS NOT NULL
        UNION
        SELECT run, ready_t FROM nodes WHERE role = 'kptp-peer'
      ),
      skew AS MATERIALIZED (SELECT run, of_one FROM clock_skews)
      SELECT f.run, f.node, f.key, f.owner, f.t, (f.t - r.began_t) / 1e6 AS s,
        f.put_t, (f.put_t - r.began_t) / 1e6 AS put_s, f.copies, f.found,
        coalesce(f.copies > 0, 0) AND coalesce(f.t < r.stopping_t, 0)
          AND NOT EXISTS (
            SELECT 1 FROM disturbed c
            WHERE c.run = f.run AND c.t BETWEEN f.put_t - f.route_within AND f.t + k.of_one)
          AND NOT EXISTS (
            SELECT 1 FROM separations s
            WHERE s.run = f.run AND s.from_t <= f.t + k.of_one
              AND coalesce(s.to_t, 9e18) >= f.put_t - f.heal_within) AS judged
      FROM found f JOIN runs r ON r.run = f.run JOIN skew k ON k.run = f.run
      """)
}
