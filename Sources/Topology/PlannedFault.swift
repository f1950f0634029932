package import Participants

/// One thing that is done to the network on purpose: to a node, or to what is sent between nodes.
package struct PlannedFault: Codable, Equatable, Sendable {
  package enum Action: String, Codable, CaseIterable, Sendable {
    /// SIGKILL.
    case kill
    /// SIGTERM: the node ends in order.
    case stop
    /// SIGSTOP, and SIGCONT after `lasting`.
    case pause
    /// SIGKILL where it still runs, then the same node again: same name, address and log.
    case restart
    /// Nothing arrives.
    case partition
    /// Datagrams are lost, and what streams carry has to be sent again.
    case loss
    /// Everything takes longer.
    case latency
    /// No more than so much at a time.
    case bandwidth

    /// Whether it is done to what is sent between nodes.
    package var isOnNetwork: Bool {
      switch self {
      case .kill, .stop, .pause, .restart: false
      case .partition, .loss, .latency, .bandwidth: true
      }
    }
  }

  package var id: Int
  package var action: Action
  /// The node's name; `nil` for a fault on the network.
  package var node: String?
  /// After the run began.
  package var at: Microseconds
  /// How long it lasts; `nil` to the end, and for actions that have no end.
  package var lasting: Microseconds?
  /// What a fault on the network does; `nil` for the others.
  package var network: NetworkFault?

  package init(
    id: Int, action: Action, node: String? = nil, at: Microseconds, lasting: Microseconds? = nil,
    network: NetworkFault? = nil
  ) {
    self.id = id
    self.action = action
    self.node = node
    self.at = at
    self.lasting = lasting
    self.network = network
  }

  /// What it is done to, for people: `peer-7`, or `peer-1 <-> seed-1, seed-2`.
  package var subject: String {
    guard let network else { return node ?? "" }
    return "\(abbreviated(network.from)) \(network.oneWay ? "->" : "<->") "
      + abbreviated(network.to)
  }
}

/// A disturbance of what nodes on one side send to those on the other.
package struct NetworkFault: Codable, Equatable, Sendable {
  /// Names of nodes. One that is on both sides is disturbed with every other node of both.
  package var from: [String]
  package var to: [String]
  /// Whether what goes from the second side to the first is spared.
  package var oneWay: Bool
  /// Of a loss, in parts per million.
  package var loss: Int?
  /// Of a latency: how much longer everything takes, each way.
  package var latency: Microseconds?
  /// Of a bandwidth: the most between two nodes, each way, in bytes per second. Streams and
  /// datagrams have as much each.
  package var bandwidth: Int64?

  package init(
    from: [String], to: [String], oneWay: Bool = false, loss: Int? = nil,
    latency: Microseconds? = nil, bandwidth: Int64? = nil
  ) {
    self.from = from
    self.to = to
    self.oneWay = oneWay
    self.loss = loss
    self.latency = latency
    self.bandwidth = bandwidth
  }
}

/// `peer-1, peer-2, peer-3, peer-4, peer-5 and 12 more`.
package func abbreviated(_ names: some Collection<String>) -> String {
  let shown = names.prefix(5).joined(separator: ", ")
  return names.count > 5 ? "\(shown) and \(names.count - 5) more" : shown
}
