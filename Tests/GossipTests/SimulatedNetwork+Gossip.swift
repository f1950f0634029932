import Faults
import Gossip
import ParticipantTesting
import Participants
import Topology

/// A gossip network with quick timings.
extension SimulatedNetwork {
  /// Peers start 20 ms apart.
  convenience init(
    seed: UInt64, peers: Int, options: [String: String] = [:], faults: [Fault] = [],
    lasting: Microseconds
  ) {
    let quick = [
      "liveness-interval": "500ms", "gossip-interval": "700ms", "join-delay": "500ms",
      "relink-interval": "500ms", "answer-timeout": "1s", "gossip-count": "4",
    ].merging(options) { $1 }
    let nodes =
      (1...3).map { PlannedNode(name: "seed-\($0)", group: "seed", role: "gossip-seed") }
      + (1...peers).map {
        PlannedNode(
          name: "peer-\($0)", group: "peer", role: "gossip-peer", options: quick, after: "seed",
          delay: .milliseconds(20) * $0)
      }
    self.init(
      Plan(network: "gossip", seed: seed, nodes: nodes, faults: faults, stopAt: lasting),
      roles: GossipRoles.all)
  }

  /// Peer → neighbours, as every peer's own log has them at a time, without the peers that `gone`.
  func links(at time: Microseconds, gone: Set<String> = []) -> [String: Set<String>] {
    var links: [String: Set<String>] = [:]
    for (at, node, event) in events where at <= time && !gone.contains(node) {
      if event.kind == GossipEvents.linkOpened.name {
        links[node, default: []].insert(name(event.peer))
      } else if event.kind == GossipEvents.linkClosed.name {
        links[node]?.remove(name(event.peer))
      }
    }
    return links
  }

  /// Those of whom a node's last word was the first kind and not the second.
  func lastWords(_ kind: EventKind, _ opposite: EventKind, of node: String) -> Set<String> {
    var names: Set<String> = []
    for (_, logger, event) in events where logger == node {
      if event.kind == kind.name { names.insert(name(event.peer)) }
      if event.kind == opposite.name { names.remove(name(event.peer)) }
    }
    return names
  }

  /// Who can be reached over links from a peer.
  static func reachable(from start: String, _ links: [String: Set<String>]) -> Set<String> {
    var seen: Set<String> = [start]
    var frontier = [start]
    while let next = frontier.popLast() {
      for neighbour in links[next] ?? [] where links[neighbour] != nil {
        if seen.insert(neighbour).inserted { frontier.append(neighbour) }
      }
    }
    return seen
  }
}
