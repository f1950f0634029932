import Faults
import Glibc
import Participants
import Topology

/// Who carries out the faults on the network of a run, and what its nodes need for that: one for each
/// isolation that a topology may ask for.
protocol Carrier: AnyObject {
  /// Makes sure that it can carry such a fault out, before anything depends on it.
  ///
  /// - Throws: why it cannot, and what to do.
  func check(_ action: Fault.Action) throws(SupervisorError)

  /// From now on these faults are on, and no others.
  ///
  /// - Returns: what is to be logged of it.
  func apply(_ rules: NetworkRules) throws(SupervisorError) -> Event?

  /// Whether the nodes go by the rules themselves: each is told of them, and says when it does.
  var tellsNodes: Bool { get }

  /// The host at which others are to reach a node of ours; `nil`: where it listens.
  func advertisedHost(of node: Int) -> String?

  /// The network namespace that the node's processes are started in; -1 for the supervisor's.
  func namespace(of node: Int) -> CInt

  /// A node's process runs.
  func started(_ node: Int, pid: pid_t) throws(SupervisorError)

  /// A node is ready.
  ///
  /// - Parameter heard: the address that it said; `nil` if it said none.
  /// - Returns: where others reach it; `nil` where nothing says.
  func opened(_ node: Int, heard: Address?) throws(SupervisorError) -> Address?

  /// A node's process has ended.
  func ended(_ node: Int) throws(SupervisorError)

  /// Becomes readable when it cannot go on; `nil` where nothing can happen to it.
  var descriptor: Descriptor? { get }

  /// Why it cannot go on.
  var failure: SupervisorError { get }
}

extension Carrier {
  func check(_ action: Fault.Action) throws(SupervisorError) {}
  var tellsNodes: Bool { false }
  func advertisedHost(of node: Int) -> String? { nil }
  func namespace(of node: Int) -> CInt { -1 }
  func started(_ node: Int, pid: pid_t) throws(SupervisorError) {}
  func opened(_ node: Int, heard: Address?) throws(SupervisorError) -> Address? { heard }
  func ended(_ node: Int) throws(SupervisorError) {}
  var descriptor: Descriptor? { nil }
  var failure: SupervisorError { SupervisorError("the network of the run has failed") }
}

extension Isolation {
  /// The carrier of a run. Call it from the main thread, before there is a second.
  func carrier(
    _ plan: Plan, _ command: NodeCommand, in folder: LiveRunFolder
  ) throws(SupervisorError) -> any Carrier {
    switch self {
    case .none: DriverCarrier(folder)
    case .relay: try RelayCarrier(plan, command, in: folder)
    case .namespace: try KernelCarrier(plan, folder)
    }
  }
}

/// The nodes' own drivers, for nodes that share the machine's loopback: they read the rules in the
/// run's folder when a signal tells them to.
final class DriverCarrier: Carrier {
  private let folder: LiveRunFolder

  init(_ folder: LiveRunFolder) { self.folder = folder }

  func apply(_ rules: NetworkRules) throws(SupervisorError) -> Event? {
    try folder.write(rules)
    return nil
  }

  var tellsNodes: Bool { true }
}
