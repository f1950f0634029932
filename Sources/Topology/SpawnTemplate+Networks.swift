import Participants

/// What `seedbed spawn` composes for each network.
///
/// The timings follow from the duration, so that what is found and repaired after a kill is seen
/// before the run ends. A *unit* is 1/40 of the duration; the kills leave half of it.
extension SpawnTemplate {
  /// A frozen peer is reported after 4 units of probing and 2 of dialling, and the gap it leaves is
  /// closed 4 units later: a quarter of the duration, where the kills leave half of it.
  ///
  /// Every text reaches every peer, so their number is bounded: in a large network 20 peers speak.
  static let gossip = SpawnTemplate(
    network: "gossip",
    groups: [
      Group(name: "seed", option: "seeds", count: 5),
      Group(name: "peer", option: "peers", count: 30),
    ],
    victims: "peer"
  ) { counts, duration in
    let unit = unit(of: duration)
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

  /// A dead peer is missed after three heartbeats. The more peers there are, the less often each
  /// sends them, so that a machine bears it: about a thousand connections a second.
  static let kptp = SpawnTemplate(
    network: "kptp", groups: [Group(name: "peer", option: "peers", count: 30)], victims: "peer"
  ) { counts, duration in
    let crowd = Microseconds.milliseconds(10 * Int64(counts[0]))
    let heartbeats = max(unit(of: duration), crowd)
    let options = """
      heartbeat-interval: \(heartbeats)
            heartbeat-timeout: \(heartbeats.divided(by: 2))
            welcome-delay: \(heartbeats.divided(by: 5))
            hello-interval: \(heartbeats.divided(by: 20))
      """
    return """
      network: kptp
      groups:
        first:
          role: peer
          count: 1
          options:
            \(options)
        peer:
          count: \(counts[0])
          every: 20ms
          options:
            bootstrap: first
            put-count: 1
            get-count: 20
            value-interval: \(heartbeats * 3)
            \(options)

      """
  }

  /// The owners have all pieces, each peer some of them and wants others.
  static let pex = SpawnTemplate(
    network: "pex",
    groups: [
      Group(name: "owner", option: "owners", count: 2),
      Group(name: "peer", option: "peers", count: 30),
    ],
    victims: "peer"
  ) { counts, duration in
    let unit = unit(of: duration)
    let options = """
      piece-size: 16384
            exchange-interval: \(unit * 2)
      """
    return """
      network: pex
      groups:
        owner:
          role: peer
          count: \(counts[0])
          options:
            bootstrap: owner-1
            have: 75
            \(options)
        peer:
          count: \(counts[1])
          after: owner
          every: 20ms
          options:
            bootstrap: owner
            have: 10
            want: 30
            ask-timeout: \(unit)
            ask-again: \(unit * 4)
            \(options)

      """
  }

  /// The first three nodes are those that the others join by.
  static let kademlia = SpawnTemplate(
    network: "kademlia", groups: [Group(name: "node", option: "nodes", count: 30)], victims: "node"
  ) { counts, duration in
    let unit = unit(of: duration)
    let options = """
      k: 8
            rpc-timeout: \(unit)
            join-retry: \(unit * 2)
            ping-interval: \(unit * 2)
            refresh-interval: \(unit * 3)
            republish-interval: \(unit * 2)
            put-count: 3
            get-count: 20
            get-interval: \(unit)
            keys: 40
      """
    return """
      network: kademlia
      groups:
        entry:
          role: node
          count: 3
          options:
            bootstrap: entry-1
            \(options)
        node:
          count: \(counts[0])
          after: entry
          every: 20ms
          options:
            bootstrap: entry
            \(options)

      """
  }

  /// The clients ask for so little at a time that the kills find them in the middle of a download: its
  /// hundred chunks take five eighths of the duration.
  static let torrent = SpawnTemplate(
    network: "torrent",
    groups: [
      Group(name: "seeder", option: "seeders", count: 1),
      Group(name: "client", option: "clients", count: 20),
    ],
    victims: "client"
  ) { counts, duration in
    let unit = unit(of: duration)
    let options = """
      tracker: tracker
            metrics: metrics
            size: 4194304
            chunk-timeout: \(unit * 2)
            avoid-for: \(unit * 2)
      """
    return """
      network: torrent
      groups:
        tracker:
          count: 1
          options: { ping-interval: \(unit), ping-timeout: \(unit * 2) }
        metrics: { count: 1 }
        seeder:
          role: client
          count: \(counts[0])
          options:
            complete: true
            \(options)
        client:
          count: \(counts[1])
          options:
            pace: \(duration.divided(by: 160))
            \(options)

      """
  }

  static let hyperdht = SpawnTemplate(
    network: "hyperdht",
    groups: [
      Group(name: "bootstrap", option: "bootstraps", count: 2),
      Group(name: "node", option: "nodes", count: 30),
    ],
    victims: "node"
  ) { counts, duration in
    let unit = unit(of: duration)
    let options = """
      rpc-timeout: \(unit.divided(by: 2))
            upkeep-interval: \(unit)
            stale-after: \(unit * 3)
            announcement-lifetime: \(unit * 8)
      """
    return """
      network: hyperdht
      groups:
        bootstrap:
          count: \(counts[0])
          options:
            bootstrap: bootstrap-1
            \(options)
        node:
          count: \(counts[1])
          after: bootstrap
          every: 20ms
          options:
            bootstrap: bootstrap
            announce-interval: \(unit * 2)
            announce-count: 3
            announce-for: \(unit * 10)
            lookup-count: 60
            lookup-interval: \(unit.divided(by: 2))
            keys: 30
            \(options)

      """
  }

  private static func unit(of duration: Microseconds) -> Microseconds {
    Microseconds(min(max(duration.count / 40, 100_000), 2_000_000)).wholeMilliseconds
  }
}

extension Microseconds {
  /// Cut to whole milliseconds, to be read by people.
  var wholeMilliseconds: Microseconds { divided(by: 1) }

  fileprivate func divided(by parts: Int64) -> Microseconds { .milliseconds(count / parts / 1_000) }
}
