import Arguments
import Participants

/// The faults of a topology, each with a node and in order of time: the state of every node that a
/// fault touches is followed through the schedule, so that none is killed twice or paused when down.
///
/// Whether a schedule can happen does not depend on the seed: a fault that chooses its nodes
/// chooses among those that no other fault names, and how many of them are up is always the same.
struct FaultSchedule {
  /// Of a fault, by its position in the topology.
  struct Problem {
    var fault: Int
    var message: String
  }

  private enum State: Equatable {
    case up
    case down
    /// `nil`: to the end.
    case paused(until: Microseconds?)
  }

  private(set) var faults: [PlannedFault] = []
  private(set) var problems: [Problem] = []

  private let topology: Topology
  private let nodes: [String: [String]]
  private let named: Set<String>
  /// Of the nodes that are not simply up.
  private var states: [String: State] = [:]
  private var random: SeededGenerator

  init(_ topology: Topology, seed: UInt64) {
    self.topology = topology
    random = SeededGenerator(seed: seed, stream: "faults")
    nodes = Dictionary(uniqueKeysWithValues: topology.groups.map { ($0.name, $0.nodeNames) })
    named = Set(
      topology.faults.compactMap { if case .node(let name) = $0.target { name } else { nil } })
    let known = Set(nodes.values.joined())
    // Sorting a sequence of pairs by time, then position, keeps the file's order within a moment.
    let ordered = topology.faults.enumerated().sorted {
      ($0.element.at, $0.offset) < ($1.element.at, $1.offset)
    }
    for (index, fault) in ordered {
      if let message = schedule(fault, known: known) {
        problems.append(Problem(fault: index, message: message))
      }
    }
    problems.sort { $0.fault < $1.fault }
  }

  /// Plans a fault, or says why it cannot be.
  private mutating func schedule(_ fault: Topology.Fault, known: Set<String>) -> String? {
    let action = fault.action.rawValue
    guard fault.at < topology.stopAt else {
      return "a \(action) at \(fault.at) is too late: the run stops at \(topology.stopAt)"
    }
    if let lasting = fault.lasting, fault.at + lasting > topology.stopAt {
      return "the pause would end at \(fault.at + lasting), after the run stops at "
        + "\(topology.stopAt); leave 'for' out to pause to the end"
    }
    let chosen: [String]
    switch fault.target {
    case .node(let name):
      guard known.contains(name) else { return unknown(name) }
      if let conflict = conflict(fault, name) { return conflict }
      chosen = [name]
    case .some(let count, let group):
      guard let members = nodes[group] else {
        let names = topology.groups.map(\.name)
        return "unknown group '\(group)'\(suggestion(for: group, among: names)); "
          + "there are: \(names.joined(separator: ", "))"
      }
      let candidates = candidates(for: fault, among: members)
      guard candidates.count >= count else {
        return "a \(action) of \(count) nodes of group '\(group)' at \(fault.at) finds only "
          + "\(candidates.count) that are up and that no other fault names"
      }
      chosen = candidates.prefix(count).sorted { Self.number(of: $0) < Self.number(of: $1) }
    }
    for name in chosen {
      states[name] = after(fault)
      faults.append(
        PlannedFault(
          id: faults.count + 1, action: fault.action, node: name, at: fault.at,
          lasting: fault.lasting))
    }
    return nil
  }

  /// The nodes a fault may hit, in the order of preference that the seed decides.
  ///
  /// A restart brings back those that are down first.
  private mutating func candidates(
    for fault: Topology.Fault, among members: [String]
  ) -> [String] {
    let free = members.filter { !named.contains($0) }
    let up = free.filter { state(of: $0, at: fault.at) == .up }.shuffled(using: &random)
    guard fault.action == .restart else { return up }
    return free.filter { state(of: $0, at: fault.at) == .down }.shuffled(using: &random) + up
  }

  private func conflict(_ fault: Topology.Fault, _ name: String) -> String? {
    switch (fault.action, state(of: name, at: fault.at)) {
    case (_, .up), (.restart, _), (.kill, .paused): nil
    case (_, .down): "\(name) is already down at \(fault.at): restart it before"
    case (_, .paused): "\(name) is still paused at \(fault.at)"
    }
  }

  private func state(of name: String, at time: Microseconds) -> State {
    switch states[name] ?? .up {
    case .up: .up
    case .down: .down
    case .paused(let until?) where until <= time: .up
    case .paused(let until): .paused(until: until)
    }
  }

  private func after(_ fault: Topology.Fault) -> State {
    switch fault.action {
    case .kill, .stop: .down
    case .restart: .up
    case .pause: .paused(until: fault.lasting.map { fault.at + $0 })
    }
  }

  private func unknown(_ name: String) -> String {
    let groups = topology.groups
    if let group = groups.first(where: { name.hasPrefix("\($0.name)-") }) {
      return "unknown node '\(name)': group '\(group.name)' has \(group.name)-1 to "
        + "\(group.name)-\(group.count)"
    }
    let names = groups.lazy.flatMap(\.nodeNames)
    return "unknown node '\(name)'\(suggestion(for: name, among: names)); "
      + "groups: \(groups.map(\.name).joined(separator: ", "))"
  }

  private static func number(of name: String) -> Int {
    name.lastIndex(of: "-").flatMap { Int(name[name.index(after: $0)...]) } ?? 0
  }
}
