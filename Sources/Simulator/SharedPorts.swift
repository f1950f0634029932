import Participants
import Topology

/// The addresses of nodes whose topology says where they listen: they share hosts, as on one machine,
/// and have a port each.
///
/// What `isolation` would give them belongs to live runs.
struct SharedPorts {
  private static let first: UInt16 = 4_000

  private let isInUse: Bool
  /// Ports that the plan gives.
  private let given: Set<UInt16>
  private var next = first
  private var last: UInt16 = 0

  init(_ plan: Plan) {
    isInUse = plan.isolation == .none
    given = Set(plan.nodes.compactMap { $0.listen.flatMap { Address(parsing: $0)?.port } })
  }

  /// `nil` where the plan leaves it to the simulation.
  mutating func address(of node: PlannedNode) -> Address? {
    guard isInUse, var address = node.listen.flatMap({ Address(parsing: $0) }) else { return nil }
    if address.port == 0 {
      while given.contains(next) { next += 1 }
      address.port = next
      next += 1
    }
    last = address.port
    return address
  }

  /// The second address of the node that was asked for last.
  func also(of node: PlannedNode) -> Address? {
    isInUse ? node.also.map { Address(host: $0, port: last) } : nil
  }
}
