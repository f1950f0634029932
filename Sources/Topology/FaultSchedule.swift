import Arguments
import Participants

/// The faults of a topology, each with a node and in order of time: the state of every node that a
/// fault touches is followed through the schedule, so that none is killed twice or paused while
/// down.
///
/// Whether a schedule can happen does not depend on the seed: a fault that chooses its nodes
/// chooses among those that no other fault names, and how many of them are up is always the same.
struct FaultSchedule {
  /// What of a fault is wrong.
  enum Part { case time, target, end }

  struct Problem: Error {
    var part: Part
    var message: String

    init(_ part: Part, _ message: String) {
      self.part = part
      self.message = message
    }
  }

  private enum State: Equatable {
    case up
    case down
    /// `nil`: to the end.
    case paused(until: Microseconds?)
  }

  private(set) var faults: [PlannedFault] = []
  /// With the fault's position in the topology.
  private(set) var problems: [(fault: Int, problem: Problem)] = []

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
      do throws(Problem) {
        try schedule(fault, known: known)
      } catch {
        problems.append((index, error))
      }
    }
    problems.sort { $0.fault < $1.fault }
  }

  private mutating func schedule(_ fault: Topology.Fault, known: Set<String>) throws(Problem) {
    let action = fault.action.rawValue
    guard fault.at < topology.stopAt else {
      throw Problem(
        .time, "a \(action) at \(fault.at) is too late: the run stops at \(topology.stopAt)")
    }
    if let lasting = fault.lasting, fault.at + lasting > topology.stopAt {
      throw Problem(
        .end,
        "the pause would end at \(fault.at + lasting), after the run stops at "
          + "\(topology.stopAt); leave 'for' out to pause to the end")
    }
    for name in try targets(of: fault, known: known) {
      states[name] = after(fault)
      faults.append(
        PlannedFault(
          id: faults.count + 1, action: fault.action, node: name, at: fault.at,
          lasting: fault.lasting))
    }
  }

  private mutating func targets(
    of fault: Topology.Fault, known: Set<String>
  ) throws(Problem) -> [String] {
    switch fault.target {
    case .node(let name):
      guard known.contains(name) else { throw Problem(.target, unknown(name)) }
      if let conflict = conflict(fault, name) { throw Problem(.target, conflict) }
      return [name]
    case .some(let count, let group):
      guard let members = nodes[group] else {
        let names = topology.groups.map(\.name)
        throw Problem(
          .target,
          "unknown group '\(group)'\(suggestion(for: group, among: names)); "
            + "there are: \(names.joined(separator: ", "))")
      }
      let candidates = candidates(for: fault, among: members)
      guard candidates.count >= count else {
        throw Problem(
          .target,
          "a \(fault.action.rawValue) of \(count) in group '\(group)' at \(fault.at) "
            + "finds only \(candidates.count) that are up and that no other fault names")
      }
      return candidates.prefix(count).sorted { Self.number(of: $0) < Self.number(of: $1) }
    }
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
