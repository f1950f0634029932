import Faults
import KPTP
import ParticipantTesting
import Participants
import Topology

/// A kPTP network with quick timings.
extension SimulatedNetwork {
  /// `peer-1` is the first; the others join by it, 20 ms apart.
  convenience init(
    seed: UInt64, peers: Int, options: [String: String] = [:], faults: [Fault] = [],
    lasting: Microseconds
  ) {
    let quick = [
      "heartbeat-interval": "500ms", "heartbeat-timeout": "250ms", "welcome-delay": "100ms",
      "hello-interval": "20ms",
    ].merging(options) { $1 }
    let nodes = (1...peers).map { number in
      PlannedNode(
        name: "peer-\(number)", group: "peer", role: "kptp-peer", options: quick,
        addresses: number > 1 ? ["bootstrap": ["peer-1"]] : [:],
        delay: .milliseconds(20) * number)
    }
    self.init(
      Plan(network: "kptp", seed: seed, nodes: nodes, faults: faults, stopAt: lasting),
      roles: KPTPRoles.all)
  }

  /// Each peer's ID.
  var ids: [String: PeerID] {
    var ids: [String: PeerID] = [:]
    for (_, node, event) in logged(KPTPEvents.identityDerived) {
      if case .integer(let number) = event["number"] { ids[node] = PeerID(UInt16(number)) }
    }
    return ids
  }

  /// Each peer's table at the end, as its events tell it.
  var tables: [String: Set<String>] {
    var tables: [String: Set<String>] = [:]
    for (_, node, event) in events {
      switch event.kind {
      case "node.ready": tables[node] = []
      case KPTPEvents.entryAdded.name: tables[node]?.insert(name(event.peer))
      case KPTPEvents.entryReplaced.name:
        tables[node]?.insert(name(event.peer))
        if case .text(let over) = event["over"] {
          tables[node]?.remove(name(Address(parsing: over)))
        }
      case KPTPEvents.entryRemoved.name: tables[node]?.remove(name(event.peer))
      default: break
      }
    }
    return tables
  }

  /// What is wrong with the tables of those who live: `PEER: bucket N`, where the closest live peer
  /// is missing, and `PEER: DEAD`.
  func faults(gone: Set<String> = []) -> [String] {
    let ids = ids.filter { !gone.contains($0.key) }
    var faults: [String] = []
    for (peer, id) in ids.sorted(by: { $0.key < $1.key }) {
      let table = tables[peer] ?? []
      faults += table.filter { ids[$0] == nil }.sorted().map { "\(peer): \($0)" }
      for prefix in 0..<16 {
        let bucket = ids.values.filter { id.sharedPrefix(with: $0) == prefix }
        guard let closest = bucket.map({ id.distance(to: $0) }).min() else { continue }
        let held = table.compactMap { ids[$0] }.map { id.distance(to: $0) }
        if !held.contains(closest) { faults.append("\(peer): bucket \(prefix)") }
      }
    }
    return faults
  }
}
