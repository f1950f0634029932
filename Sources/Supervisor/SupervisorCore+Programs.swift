import Participants
import Topology

extension SupervisorCore {
  func isProgram(_ index: Int) -> Bool { plan.program(of: plan.nodes[index]) != nil }

  mutating func logProgramReady(_ index: Int) {
    log(SupervisorEvents.programReady, ["node": name(index), "address": nodes[index].address])
  }

  /// The nodes that are to blame, with what was not seen of them.
  var whatIsMissing: String {
    var missing: [(what: String, nodes: [Int])] = []
    for node in blamed {
      let what = plan.program(of: plan.nodes[node])?.ready.missing ?? "wrote no node.ready"
      let place = missing.firstIndex { $0.what == what } ?? missing.count
      if place == missing.count { missing.append((what: what, nodes: [])) }
      missing[place].nodes.append(node)
    }
    return missing.map { "\(names($0.nodes)) (started, but \($0.what))" }.joined(separator: "; ")
  }
}

extension Plan {
  /// Where a node listens that others reach at an address, by its position.
  func listening(of node: Int, reachedAt address: Address) -> Address {
    isolation == .relay ? Address(host: nodes[node].host, port: address.port) : address
  }
}

extension PlannedNode {
  /// Where it is going to listen, where the plan says it whole.
  var knownAddress: Address? {
    listen.flatMap { Address(parsing: $0) }.flatMap { $0.port > 0 ? $0 : nil }
  }

  /// The host that it has.
  var host: String { listen.flatMap { Address(parsing: $0)?.host } ?? Supervisor.loopback }
}

extension Program.Ready {
  /// What a program that is not ready has not done.
  fileprivate var missing: String {
    switch self {
    case .event: "logged no node.ready"
    case .log(let pattern): "printed no line that matches '\(pattern)'"
    case .tcp(let port): "accepts no connection at \(port.map { "port \($0)" } ?? "its port")"
    case .http(let port, let path):
      "does not answer GET \(path) at \(port.map { "port \($0)" } ?? "its port") with 2xx or 3xx"
    }
  }
}
