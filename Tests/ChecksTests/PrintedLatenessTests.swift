import Checks
import Foundation
import History
import Testing

/// What programs print without a time gets that at which the supervisor saw it: no check may hold that
/// against them, whatever it is that it compares.
@Suite("Checks of programs whose lines were seen late", .serialized) struct PrintedLatenessTests {
  /// How much later than they were printed lines were seen, at most, in microseconds.
  private static let late: Int64 = 150_000

  /// The verdicts on a simulated run where every second node's events were seen late, by up to that much.
  private func failures(_ topology: String, seed: UInt64, measured: Bool) throws -> [String] {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "seedbed-late-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let history = "\(folder)/history.sqlite"
    try simulate(topology, seed: seed, into: history)
    try History.open(history).execute(
      """
      UPDATE events SET t = seen.t
      FROM (
        SELECT e.rowid AS id,
          max(e.t + iif(kind = 'node.ready', 0, e.n * 7919 % \(Self.late)))
            OVER (PARTITION BY e.node ORDER BY e.n) AS t
        FROM events e JOIN (
          SELECT node, row_number() OVER (ORDER BY node) % 2 AS is_late FROM nodes) p
          ON p.node = e.node AND p.is_late
      ) seen
      WHERE events.rowid = seen.id;
      UPDATE usage SET printed_late = \(measured ? "\(Self.late)" : "NULL")
      """)
    let judge = try Judge(history, run: 1)
    let checks = try CheckLibrary().checks(judge.plannedChecks, network: judge.network)
    return judge.judge(checks).filter { $0.verdict == .fail || $0.verdict == .error }
      .map { "\($0.check.name): \($0.reason)" }
  }

  @Test(
    "Nothing is held against them by any network's checks",
    arguments: [
      "gossip", "gossip-churn", "gossip-partition", "kptp-churn", "kptp-massacre", "pex-churn",
      "kademlia-churn", "kademlia-partition", "torrent", "torrent-tracker-killed",
      "torrent-seeder-killed", "hyperdht", "hyperdht-churn", "hyperdht-nat",
    ])
  func granted(topology: String) throws {
    #expect(try failures(topology, seed: 1, measured: true) == [])
  }

  @Test("Only what was measured is granted")
  func measured() throws {
    let failures = try failures("hyperdht", seed: 1, measured: false)
    #expect(failures.contains { $0.hasPrefix("tokens-protect-announcements") })
  }
}
