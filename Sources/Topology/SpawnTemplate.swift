package import Participants

/// A topology composed from a few numbers, for `seedbed spawn NETWORK`.
///
/// What it gives is a file's text, which goes through the same reader as any other: the run's
/// folder then has a topology that can be copied, changed and run again.
package struct SpawnTemplate: Sendable {
  package struct Group: Sendable {
    /// The group's name, and its role's.
    package var name: String
    /// The option that gives its count, e.g. `seeds`.
    package var option: String
    package var count: Int
  }

  package var network: String
  /// With their counts where none is asked for.
  package var groups: [Group]
  /// The group whose nodes are killed.
  package var victims: String
  private let text: @Sendable (_ counts: [Int], _ duration: Microseconds) -> String

  package static let all = [gossip]

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
      let at = Microseconds(quarter + quarter * Int64(kill) / Int64(max(1, kills - 1))).rounded
      lines += "  - { at: \(at), kill: { group: \(victims), count: 1 } }\n"
    }
    return TopologyFile(path: "spawn \(network)", text: lines)
  }

  /// The timings follow from the duration, so that what is found and repaired after a kill is seen
  /// before the run ends. With a unit of 1/40 of the duration, a frozen peer is reported after 4
  /// units of probing and 2 of dialling, and the gap it leaves is closed 4 units later: a quarter
  /// of the duration, where the kills leave half of it.
  ///
  /// Every text reaches every peer, so their number is bounded: in a large network 20 peers speak.
  private static let gossip = SpawnTemplate(
    network: "gossip",
    groups: [
      Group(name: "seed", option: "seeds", count: 5),
      Group(name: "peer", option: "peers", count: 30),
    ],
    victims: "peer"
  ) { counts, duration in
    let unit = Microseconds(min(max(duration.count / 40, 100_000), 2_000_000)).rounded
    let speakers = 20
    let peers = counts[1]
    let allSpeak = peers <= 30
    let text = """
      network: gossip
      groups:
        seed: { count: \(counts[0]) }
        peer:
          count: \(peers)
          after: seed
          options:
            join-delay: \(unit)
            gossip-count: \(allSpeak ? 3 : 0)
            gossip-delay: \(unit)
            gossip-interval: \(unit * 4)
            liveness-interval: \(unit)
            liveness-misses: 3
            answer-timeout: \(unit * 2)
            relink-interval: \(unit * 2)
            seed-retry: \(unit * 2)

      """
    let some = """
          variants:
            - { count: \(speakers), options: { gossip-count: 3 } }

      """
    return allSpeak ? text : text + some
  }
}

extension Microseconds {
  /// Cut to whole milliseconds, to be read by people.
  fileprivate var rounded: Microseconds { .milliseconds(count / 1_000) }
}
