package import Faults
package import Participants

/// What a topology file says, once it has been found valid: a network's groups of nodes, what is
/// done to them, and when it all ends. `docs/TOPOLOGY.md` is the file's reference.
///
/// ``plan(seed:)`` makes it concrete.
package struct Topology: Equatable, Sendable {
  package var network: String
  /// The absolute path of the network's files; `nil` for a network that came with Seedbed, and for one
  /// that has none.
  package var networkFolder: String?
  /// In the file's order.
  package var groups: [Group]
  /// In the file's order.
  package var faults: [Fault]
  package var readyWithin: Microseconds
  /// After the run began, as the times of faults are.
  package var stopAt: Microseconds
  package var stopWithin: Microseconds
  package var allowsUnexpectedExits: Bool
  /// Names, or absolute paths of `.sql` files; `nil` for every check of the network.
  package var checks: [String]?
  package var networkModel: NetworkModel
  package var isolation: Isolation

  package struct Group: Equatable, Sendable {
    package var name: String
    /// The role's full name; ``externalRole`` for programs that play none.
    package var role: String
    package var count: Int
    package var after: String?
    package var every: Microseconds
    /// When the first of its nodes joins a run that has begun; `nil` for a group of the launch.
    package var joins: Microseconds?
    /// What its nodes are behind; `nil` for nothing.
    package var nat: NATModel?
    /// Where its nodes listen; `nil` for any port of 127.0.0.1.
    package var listening: Listening?
    /// Those given that are not the role's defaults.
    package var options: [String: OptionValue]
    /// The role's defaults; none for programs.
    package var defaults: [String: OptionValue] = [:]
    package var variants: [Variant]
    /// What its nodes run, where that is no role of ours.
    package var program: Program?
  }

  /// Some nodes of a group that have other options.
  package struct Variant: Equatable, Sendable {
    package var count: Int
    /// All that are not the role's defaults, the group's included.
    package var options: [String: OptionValue]
  }

  // What is absurd on one machine is a slip of the finger: named limits say so before it starts.
  package static let mostNodes = 20_000
  /// The same where no node needs a process.
  package static let mostSimulatedNodes = 200_000
  package static let mostGroups = 100
  package static let mostFaults = 10_000
  package static let longestGroupName = 40
  /// The role of programs that play none of the network.
  package static let externalRole = "external"
  package static let earliestStop = Microseconds.milliseconds(1)
  /// The latest `stop.at`: a week.
  package static let latestStop = Microseconds.seconds(7 * 86_400)
  /// The longest `within` and `every`.
  package static let longestWait = Microseconds.seconds(3_600)
}

extension Topology.Group {
  /// `GROUP-1`, `GROUP-2`, …
  package var nodeNames: [String] { (1...count).map { "\(name)-\($0)" } }

  /// When a node of a late group joins, by its position from 0.
  func joins(_ position: Int) -> Microseconds? { joins.map { $0 + every * position } }
}
