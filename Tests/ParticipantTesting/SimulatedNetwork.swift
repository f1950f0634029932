package import Faults
package import Participants
import Simulator
import Testing
package import Topology

/// A network in virtual time, and everything that was logged before its nodes were told to stop.
package final class SimulatedNetwork: EventSink {
  package typealias Entry = (at: Microseconds, node: String, event: Event)

  /// With the times after the run began.
  package private(set) var events: [Entry] = []
  package private(set) var digest = ""
  private var names: [String: String] = [:]

  /// Runs a plan, whose faults are numbered here.
  ///
  /// - Parameter disks: the files that nodes find, by node and path.
  package init(_ plan: Plan, roles: [Role], disks: [String: [String: [UInt8]]] = [:]) {
    var plan = plan
    for index in plan.faults.indices { plan.faults[index].id = index + 1 }
    let simulation = Simulation(
      plan: plan, roles: roles, version: "test", sink: self, disks: disks)
    digest = simulation.run().digest
    let began = events.first { $0.event.kind == "run.began" }?.at ?? .zero
    let stopped = events.first { $0.event.kind == "run.stopping" }?.at ?? .zero
    events = events.filter { $0.at < stopped }.map { ($0.at - began, $0.node, $0.event) }
  }

  package func take(_ event: Event, line: [UInt8], of node: String, at: Instant) {
    events.append((at - Simulation.launch, node, event))
    guard event.kind == "node.ready" else { return }
    for field in ["address", "also"] {
      if case .text(let address) = event[field] { names[address] = node }
    }
  }

  package func logged(_ kind: EventKind, after start: Microseconds = .seconds(-60)) -> [Entry] {
    events.filter { $0.event.kind == kind.name && $0.at >= start }
  }

  package func logged(_ kind: EventKind, by node: String) -> [Event] {
    logged(kind).filter { $0.node == node }.map(\.event)
  }

  /// Whose address it is.
  package func name(_ address: Address?) -> String {
    address.flatMap { names[$0.description] } ?? "nobody"
  }

  /// What the participants logged, each with the kind that documents it.
  package func described(by kinds: [EventKind]) -> [(event: Event, kind: EventKind?)] {
    let kinds = Dictionary(uniqueKeysWithValues: kinds.map { ($0.name, $0) })
    return events.map(\.event).filter {
      !["node", "run", "fault", "usage"].contains($0.kind.prefix { $0 != "." })
    }.map { ($0, kinds[$0.kind]) }
  }
}

extension Fault {
  /// A fault of a simulated network, which numbers it.
  package init(
    _ action: Action, _ node: String, at: Microseconds, lasting: Microseconds? = nil
  ) {
    self.init(id: 0, action: action, node: node, at: at, lasting: lasting)
  }
}

extension Event {
  /// A field that must be there and be an integer.
  package func integer(_ field: String) -> Int64 {
    guard case .integer(let value) = self[field] else {
      Issue.record("\(self) has no integer \(field)")
      return 0
    }
    return value
  }
}
