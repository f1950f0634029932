package import Faults
package import Participants

/// A topology made concrete: every node by name with its options, and every fault with its target
/// and time. Two plans from the same topology, overrides and seed are equal.
///
/// It is stored in the run's folder as `plan.json`, so that a history can be rebuilt from the
/// folder alone.
package struct Plan: Codable, Equatable, Sendable {
  /// The layout of `plan.json`. A reader refuses a newer one.
  package static let currentVersion = 2

  package var version = Plan.currentVersion
  /// The network's name, e.g. `gossip`.
  package var network: String
  /// The absolute path of the network's files; `nil` for a network that came with Seedbed, and for one
  /// that has none.
  package var networkFolder: String?
  /// What every random choice of the plan, and each node's own generator, derives from.
  package var seed: UInt64
  /// In start order.
  package var nodes: [PlannedNode]
  /// In order of their times. `id` is the position, from 1.
  package var faults: [Fault]
  /// How long after the run began (all nodes ready) the nodes are stopped.
  package var stopAt: Microseconds
  /// How long the nodes have to become ready, from the launch of the last.
  package var readyWithin: Microseconds
  /// How long a node has to end after SIGTERM before it gets SIGKILL.
  package var stopWithin: Microseconds
  /// Whether a node that dies unasked leaves the run successful.
  package var allowsUnexpectedExits: Bool
  /// Names of the network's checks, or absolute paths of `.sql` files; `nil` for every check of
  /// the network.
  package var checks: [String]?
  /// What a simulated network does; a live run has no use for it.
  package var networkModel: NetworkModel
  /// What the nodes of a group run, by the group's name, where it is no role of ours.
  package var programs: [String: Program]
  /// What the nodes of a live run share; a simulated one has no use for it.
  package var isolation: Isolation
  /// The options of our own roles as they are in effect, defaults included: each combination that
  /// nodes have once. `PlannedNode.settings` is the place of a node's.
  package var settings: [Settings]

  package init(
    network: String, networkFolder: String? = nil, seed: UInt64, nodes: [PlannedNode],
    faults: [Fault] = [],
    stopAt: Microseconds, readyWithin: Microseconds = .seconds(30),
    stopWithin: Microseconds = .seconds(5), allowsUnexpectedExits: Bool = false,
    checks: [String]? = nil, networkModel: NetworkModel = NetworkModel(),
    isolation: Isolation = .none, programs: [String: Program] = [:], settings: [Settings] = []
  ) {
    self.network = network
    self.networkFolder = networkFolder
    self.seed = seed
    self.nodes = nodes
    self.faults = faults
    self.stopAt = stopAt
    self.readyWithin = readyWithin
    self.stopWithin = stopWithin
    self.allowsUnexpectedExits = allowsUnexpectedExits
    self.checks = checks
    self.networkModel = networkModel
    self.isolation = isolation
    self.programs = programs
    self.settings = settings
  }

  /// Where others reach a node, by its position.
  package func address(of node: Int, listening: Address) -> Address {
    guard let host = isolation.host(of: node) else { return listening }
    return Address(host: host, port: listening.port)
  }

  /// What a node runs, where it is no role of ours.
  package func program(of node: PlannedNode) -> Program? { programs[node.group] }
}

/// Whether the nodes of a live run have a network of their own.
package enum Isolation: String, Codable, CaseIterable, Sendable {
  /// All are on the machine's loopback.
  case none
  /// All are on the machine's loopback, and know each other by addresses of a relay, which stands
  /// between them.
  case relay
  /// Every node is in a network namespace of its own, with an address of its own.
  case namespace

  /// A bridge has at most so many ports (BR_MAX_PORTS is 1024).
  package static let mostNodes = 1_000

  /// The host that others know a node by, where it is one of its own, by the node's position in the
  /// plan.
  package func host(of node: Int) -> String? {
    let number = node + 1
    let end = "\(number >> 8).\(number & 255)"
    return switch self {
    case .none: nil
    // In 127.0.0.0/8, all of which is this machine.
    case .relay: "127.102.\(end)"
    case .namespace: "10.0.\(end)"
    }
  }
}

package struct PlannedNode: Codable, Equatable, Sendable {
  /// `GROUP-NUMBER`, numbered from 1.
  package var name: String
  package var group: String
  /// The role's full name, e.g. `gossip-peer`; `external` for programs that play none.
  package var role: String
  /// The options that differ from the role's defaults, as they are written on a command line.
  package var options: [String: String]
  /// The options that are addresses: names of nodes, and `HOST:PORT`. The node starts when the nodes
  /// that are named are ready, and is told their addresses. Of a program: the nodes that each name in
  /// its placeholders stands for.
  package var addresses: [String: [String]]
  /// The group whose nodes must all be ready before this node starts.
  package var after: String?
  /// How long after that moment (or the launch) it starts.
  package var delay: Microseconds
  /// When a late joiner starts, after the run began without it; `nil` for the others.
  package var joins: Microseconds?
  /// What it is behind; `nil` for nothing.
  package var nat: PlannedNAT?
  /// A fixed address to listen on; `nil` for any free port on loopback. Port 0 is any.
  package var listen: String?
  /// Its place in ``Plan/settings``; `nil` for a program, whose options nobody knows.
  package var settings: Int?
  /// A host of the other family, to listen on as well, at the same port.
  package var also: String?

  package init(
    name: String, group: String, role: String, options: [String: String] = [:],
    addresses: [String: [String]] = [:], after: String? = nil, delay: Microseconds = .zero,
    joins: Microseconds? = nil, nat: PlannedNAT? = nil, listen: String? = nil,
    also: String? = nil, settings: Int? = nil
  ) {
    self.name = name
    self.group = group
    self.role = role
    self.options = options
    self.addresses = addresses
    self.after = after
    self.delay = delay
    self.joins = joins
    self.nat = nat
    self.listen = listen
    self.settings = settings
    self.also = also
  }
}

extension KeyedDecodingContainer {
  /// Plans that were made before there was a network model have none.
  func decode(_ type: NetworkModel.Type, forKey key: Key) throws -> NetworkModel {
    try decodeIfPresent(type, forKey: key) ?? NetworkModel()
  }

  /// Plans that were made before groups could be programs have none.
  func decode(_ type: [String: Program].Type, forKey key: Key) throws -> [String: Program] {
    try decodeIfPresent(type, forKey: key) ?? [:]
  }

  /// Plans that were made before there was isolation have none.
  func decode(_ type: Isolation.Type, forKey key: Key) throws -> Isolation {
    try decodeIfPresent(type, forKey: key) ?? .none
  }

  /// Plans that were made before options in effect were recorded have none.
  func decode(_ type: [Settings].Type, forKey key: Key) throws -> [Settings] {
    try decodeIfPresent(type, forKey: key) ?? []
  }

  /// Plans that were made before options could be addresses have none.
  func decode(_ type: [String: [String]].Type, forKey key: Key) throws -> [String: [String]] {
    try decodeIfPresent(type, forKey: key) ?? [:]
  }
}

/// Durations are stored as whole microseconds.
extension Microseconds: Codable {
  package init(from decoder: any Decoder) throws {
    self.init(try decoder.singleValueContainer().decode(Int64.self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(count)
  }
}
