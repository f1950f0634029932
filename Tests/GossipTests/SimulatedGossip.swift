import Gossip
import Participants
import Simulator
import Topology

/// A gossip network in virtual time, with quick timings, and everything it logged.
final class SimulatedGossip: EventSink {
  /// When each node's events were logged, after the run began.
  private(set) var events: [(at: Microseconds, node: String, event: Event)] = []
  private(set) var digest = ""
  private var names: [String: String] = [:]
  private var launched: [(at: Instant, node: String, event: Event)] = []

  /// Peers start 20 ms apart.
  init(
    seed: UInt64, seeds: Int = 3, peers: Int, options: [String: String] = [:],
    faults: [PlannedFault] = [], lasting: Microseconds
  ) {
    let quick = [
      "liveness-interval": "500ms", "gossip-interval": "700ms", "join-delay": "500ms",
      "relink-interval": "500ms", "answer-timeout": "1s", "gossip-count": "4",
    ].merging(options) { $1 }
    let nodes =
      (1...seeds).map { PlannedNode(name: "seed-\($0)", group: "seed", role: "gossip-seed") }
      + (1...peers).map {
        PlannedNode(
          name: "peer-\($0)", group: "peer", role: "gossip-peer", options: quick, after: "seed",
          delay: .milliseconds(20) * $0)
      }
    let plan = Plan(
      network: "gossip", seed: seed, nodes: nodes,
      faults: faults.enumerated().map { index, fault in
        var fault = fault
        fault.id = index + 1
        return fault
      }, stopAt: lasting)
    digest =
      Simulation(plan: plan, roles: GossipRoles.all, version: "test", sink: self).run().digest
    let began = launched.first { $0.event.kind == "run.began" }?.at ?? Simulation.launch
    let stopped = launched.first { $0.event.kind == "run.stopping" }?.at ?? Simulation.launch
    events = launched.filter { $0.at < stopped }.map { ($0.at - began, $0.node, $0.event) }
  }

  func take(_ event: Event, line: [UInt8], of node: String, at: Instant) {
    launched.append((at, node, event))
    if event.kind == "node.ready", case .text(let address) = event["address"] {
      names[address] = node
    }
  }

  static func fault(
    _ action: PlannedFault.Action, _ node: String, at: Microseconds, lasting: Microseconds? = nil
  ) -> PlannedFault {
    PlannedFault(id: 0, action: action, node: node, at: at, lasting: lasting)
  }

  func logged(_ kind: EventKind) -> [(at: Microseconds, node: String, event: Event)] {
    events.filter { $0.event.kind == kind.name }
  }

  func name(_ address: Address?) -> String { address.flatMap { names[$0.description] } ?? "nobody" }

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
