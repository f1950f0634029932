package import Participants

/// A topology composed from a few numbers, for `seedbed spawn NETWORK`.
///
/// What it gives is a file's text, which goes through the same reader as any other: the run's
/// folder then has a topology that can be copied, changed and run again.
package struct SpawnTemplate: Sendable {
  package struct Group: Sendable {
    /// The group's name, and its role's.
    package var name: String
    /// The option that gives its count, e.g. `seeds`. Templates may share one.
    package var option: String
    package var count: Int
  }

  package var network: String
  /// With their counts where none is asked for.
  package var groups: [Group]
  /// The group whose nodes are killed.
  package var victims: String
  /// The groups, as a topology has them.
  let text: @Sendable (_ counts: [Int], _ duration: Microseconds) -> String

  package static let all = [gossip, kptp, pex, kademlia, torrent, hyperdht]

  /// - Parameters:
  ///   - counts: by group's name; the group's own count for those that are not there.
  ///   - duration: from the moment when all nodes are ready to the stop.
  ///   - kills: how many nodes are killed (none or more), spread between a quarter and half of the
  ///     duration, so that there are links before and time for reports after.
  package func compose(
    counts: [String: Int], duration: Microseconds, kills: Int
  ) -> TopologyFile {
    let counts = groups.map { counts[$0.name] ?? $0.count }
    let nodes = Int64(counts.reduce(0, +))
    // 50 nodes a second is what a busy machine starts and stops with certainty.
    let ready = Microseconds.seconds(max(30, nodes / 50))
    let stop = Microseconds.seconds(max(5, nodes / 50))
    var lines = text(counts, duration)
    lines += "ready: { within: \(ready) }\nstop: { at: \(duration), within: \(stop) }\n"
    if kills > 0 { lines += "faults:\n" }
    let quarter = duration.count / 4
    for kill in 0..<kills {
      let at = Microseconds(
        quarter + quarter * Int64(kill) / Int64(max(1, kills - 1))
      ).wholeMilliseconds
      lines += "  - { at: \(at), kill: { group: \(victims), count: 1 } }\n"
    }
    return TopologyFile(path: "spawn \(network)", text: lines)
  }
}
