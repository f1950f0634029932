import Faults
import Kademlia
import ParticipantTesting
import Participants
import Topology

/// A Kademlia network with quick timings.
extension SimulatedNetwork {
  /// All join by `node-1`, one every 20 ms. `options` are everybody's, `special` those of some.
  convenience init(
    seed: UInt64, nodes: Int, options: [String: String] = [:],
    special: [Int: [String: String]] = [:], faults: [Fault] = [],
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
    self.init(
      Plan(
        network: "kademlia", seed: seed, nodes: planned, faults: faults, stopAt: lasting,
        networkModel: model), roles: KademliaRoles.all)
  }

  /// Node → those in its table, as its own log has them at the end.
  var tables: [String: Set<String>] {
    var tables: [String: Set<String>] = [:]
    for (_, node, event) in events {
      if event.kind == KademliaEvents.contactAdded.name {
        tables[node, default: []].insert(name(event.peer))
      } else if event.kind == KademliaEvents.contactEvicted.name {
        tables[node]?.remove(name(event.peer))
      }
    }
    return tables
  }
}
