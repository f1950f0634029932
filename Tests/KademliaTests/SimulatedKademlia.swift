import Kademlia
import Participants
import Simulator
import Topology

/// A Kademlia network in virtual time, with quick timings, and everything it logged.
final class SimulatedKademlia: EventSink {
  /// When each node's events were logged, after the run began.
  private(set) var events: [(at: Microseconds, node: String, event: Event)] = []
  private(set) var digest = ""
  private var logged: [(at: Instant, node: String, event: Event)] = []

  /// All join by `node-1`, one every 20 ms. `options` are everybody's, `special` those of some.
  init(
    seed: UInt64, nodes: Int, options: [String: String] = [:],
    special: [Int: [String: String]] = [:], faults: [PlannedFault] = [],
    model: NetworkModel = NetworkModel(), lasting: Microseconds
  ) {
    let quick = [
      "k": "8", "rpc-timeout": "500ms", "ping-interval": "2s",
      "refresh-interval": "3s", "republish-interval": "3s", "keys": "10", "put-interval": "300ms",
      "get-interval": "300ms",
    ].merging(options) { $1 }
    let planned = (1...nodes).map { number in
      PlannedNode(
        name: "node-\(number)", group: "node", role: "kademlia-node",
        options: quick.merging(special[number] ?? [:]) { $1 },
        addresses: number == 1 ? [:] : ["bootstrap": ["node-1"]],
        delay: .milliseconds(20) * number)
    }
    let plan = Plan(
      network: "kademlia", seed: seed, nodes: planned,
      faults: faults.enumerated().map { index, fault in
        var fault = fault
        fault.id = index + 1
        return fault
      }, stopAt: lasting, networkModel: model)
    digest =
      Simulation(plan: plan, roles: KademliaRoles.all, version: "test", sink: self).run().digest
    let began = logged.first { $0.event.kind == "run.began" }?.at ?? Simulation.launch
    let stopped = logged.first { $0.event.kind == "run.stopping" }?.at ?? Simulation.launch
    events = logged.filter { $0.at < stopped }.map { ($0.at - began, $0.node, $0.event) }
  }

  func take(_ event: Event, line: [UInt8], of node: String, at: Instant) {
    logged.append((at, node, event))
  }

  static func kill(_ number: Int, at: Microseconds) -> PlannedFault {
    PlannedFault(id: 0, action: .kill, node: "node-\(number)", at: at)
  }

  func logged(
    _ kind: EventKind, after: Microseconds = .seconds(-60)
  ) -> [(at: Microseconds, node: String, event: Event)] {
    events.filter { $0.event.kind == kind.name && $0.at >= after }
  }

  /// Node → the addresses in its table, as its own log has them at the end.
  var tables: [String: Set<Address>] {
    var tables: [String: Set<Address>] = [:]
    for (_, node, event) in events {
      guard let peer = event.peer else { continue }
      if event.kind == KademliaEvents.contactAdded.name { tables[node, default: []].insert(peer) }
      if event.kind == KademliaEvents.contactEvicted.name { tables[node]?.remove(peer) }
    }
    return tables
  }

  /// A node's address.
  func address(of node: String) -> String {
    for (_, name, event) in logged where name == node && event.kind == "node.ready" {
      if case .text(let address) = event["address"] { return address }
    }
    return "nowhere"
  }

  static func integer(_ event: Event, _ field: String) -> Int64 {
    guard case .integer(let value) = event[field] else { return -1 }
    return value
  }
}
