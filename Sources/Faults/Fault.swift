package import Participants

/// One thing that is done to a run's network on purpose: to a node, or to what nodes send one another.
///
/// A topology, a plan, the supervisor and whoever carries faults out have the same. Only whom a fault
/// is done to is said differently: a topology may leave the choice to the run's seed, and a plan names
/// nodes.
package struct Fault: Equatable, Sendable {
  /// What is done.
  package enum Action: Equatable, Sendable {
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
    /// Datagrams are lost, and what streams carry has to be sent again: so many parts per million.
    case loss(Int)
    /// Everything takes so much longer, each way.
    case latency(Microseconds)
    /// The most between two nodes, each way, in bytes per second. Streams and datagrams have as much
    /// each.
    case bandwidth(Int64)
  }

  /// Whom it is done to.
  package enum Target: Equatable, Sendable {
    case node(String)
    /// Any so many of a group.
    case some(Int, group: String)
    /// Any nodes of a group, at random with gaps of that mean, and each is started again: of a kill.
    case churn(group: String, every: Microseconds, downFor: Microseconds)
    /// What nodes on one side send to those on the other: names of nodes, and in a topology of groups.
    /// One that is on both sides is disturbed with every other node of both. `oneWay`: what goes from
    /// the second side to the first is spared.
    case between([String], [String], oneWay: Bool)
    /// The same of any so many of a group and all other nodes.
    case split(Int, group: String, oneWay: Bool)
  }

  /// The fault's number in the run's ledger, from 1; 0 while it has none.
  package var id: Int
  package var action: Action
  package var target: Target
  /// After the run began.
  package var at: Microseconds
  /// How long it lasts; `nil` to the end, and for actions that have no end.
  package var lasting: Microseconds?

  /// A fault of any kind.
  package init(
    id: Int = 0, action: Action, target: Target, at: Microseconds, lasting: Microseconds? = nil
  ) {
    self.id = id
    self.action = action
    self.target = target
    self.at = at
    self.lasting = lasting
  }

  /// A fault on one node.
  package init(
    id: Int = 0, action: Action, node: String, at: Microseconds, lasting: Microseconds? = nil
  ) {
    self.init(id: id, action: action, target: .node(node), at: at, lasting: lasting)
  }

  /// A fault on what some nodes and others send one another.
  package init(
    id: Int = 0, action: Action, between from: [String], and to: [String], oneWay: Bool = false,
    at: Microseconds, lasting: Microseconds? = nil
  ) {
    self.init(
      id: id, action: action, target: .between(from, to, oneWay: oneWay), at: at, lasting: lasting)
  }

  /// The node that it is done to, by name; `nil` for a fault on the network, and where it is not
  /// chosen.
  package var node: String? {
    if case .node(let name) = target { name } else { nil }
  }

  /// The nodes on both sides of a fault on the network, by name; `nil` for the others, and where they
  /// are not chosen.
  package var sides: (from: [String], to: [String], oneWay: Bool)? {
    if case .between(let from, let to, let oneWay) = target { (from, to, oneWay) } else { nil }
  }
}

// MARK: - As text

extension Fault.Action {
  /// The word for it in topologies, ledgers and rules.
  package var word: String {
    switch self {
    case .kill: "kill"
    case .stop: "stop"
    case .pause: "pause"
    case .restart: "restart"
    case .partition: "partition"
    case .loss: "loss"
    case .latency: "latency"
    case .bandwidth: "bandwidth"
    }
  }

  /// How much: of a loss in parts per million, of a latency in microseconds, of a bandwidth in bytes
  /// per second; `nil` of the others.
  package var amount: Int64? {
    switch self {
    case .kill, .stop, .pause, .restart, .partition: nil
    case .loss(let partsPerMillion): Int64(partsPerMillion)
    case .latency(let latency): latency.count
    case .bandwidth(let bandwidth): bandwidth
    }
  }

  /// - Parameter amount: as in ``amount``; of no account where there is none.
  /// - Returns: `nil` for a word that is no action's.
  package init?(word: some StringProtocol, amount: Int64 = 0) {
    switch word {
    case "kill": self = .kill
    case "stop": self = .stop
    case "pause": self = .pause
    case "restart": self = .restart
    case "partition": self = .partition
    case "loss": self = .loss(Int(amount))
    case "latency": self = .latency(Microseconds(amount))
    case "bandwidth": self = .bandwidth(amount)
    default: return nil
    }
  }

  /// The words for all actions, in the order of the reference.
  package static let words = [
    "kill", "stop", "pause", "restart", "partition", "loss", "latency", "bandwidth",
  ]

  /// Whether it is done to what nodes send one another.
  package var isOnNetwork: Bool {
    switch self {
    case .kill, .stop, .pause, .restart: false
    case .partition, .loss, .latency, .bandwidth: true
    }
  }
}

extension Fault {
  /// What it is done to, for people: `peer-7`, or `peer-1 <-> seed-1, seed-2`.
  package var subject: String {
    guard let sides else { return node ?? "" }
    return "\(abbreviated(sides.from)) \(sides.oneWay ? "->" : "<->") \(abbreviated(sides.to))"
  }
}

/// `peer-1, peer-2, peer-3, peer-4, peer-5 and 12 more`.
package func abbreviated(_ names: some Collection<String>) -> String {
  let shown = names.prefix(5).joined(separator: ", ")
  return names.count > 5 ? "\(shown) and \(names.count - 5) more" : shown
}
