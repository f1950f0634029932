import Messages
import Participants

/// The faults of a topology, each with its nodes and in order of time: the state of every node that
/// a fault touches is followed through the schedule, so that none is killed twice or paused while
/// down.
///
/// Whether a schedule can happen does not depend on the seed: a fault that chooses its nodes
/// chooses among those that no other fault names, and how many of them are up is always the same.
/// Churn comes last, and takes nodes that no other fault touches.
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
    /// A late joiner that has yet to come.
    case absent(until: Microseconds)
  }

  private(set) var faults: [PlannedFault] = []
  /// With the fault's position in the topology.
  private(set) var problems: [(fault: Int, problem: Problem)] = []

  private let topology: Topology
  private let names: NodeNames
  private let named: Set<String>
  /// The nodes that are programs.
  private let programs: Set<String>
  /// When each late joiner comes.
  private var joins: [String: Microseconds] = [:]
  /// Of the nodes that are not simply up.
  private var states: [String: State] = [:]
  private let seed: UInt64
  private var random: SeededGenerator

  init(_ topology: Topology, seed: UInt64) {
    self.topology = topology
    self.seed = seed
    random = SeededGenerator(seed: seed, stream: "faults")
    names = NodeNames(topology)
    named = Set(
      topology.faults.compactMap {
        if case .node(_, .node(let name)) = $0.action { name } else { nil }
      })
    programs = Set(topology.groups.filter { $0.program != nil }.flatMap(\.nodeNames))
    for group in topology.groups where group.joins != nil {
      for (position, name) in group.nodeNames.enumerated() { joins[name] = group.joins(position) }
    }
    // Sorting a sequence of pairs by time, then position, keeps the file's order within a moment.
    let ordered = topology.faults.enumerated().sorted {
      ($0.element.at, $0.offset) < ($1.element.at, $1.offset)
    }
    for (index, fault) in ordered {
      do throws(Problem) {
        try schedule(fault)
      } catch {
        problems.append((index, error))
      }
    }
    addChurn(ordered)
    problems.sort { $0.fault < $1.fault }
    for index in faults.indices { faults[index].id = index + 1 }
  }

  private mutating func schedule(_ fault: Topology.Fault) throws(Problem) {
    try checkTimes(of: fault)
    switch fault.action {
    case .node(let action, let target):
      for name in try targets(action, target, at: fault.at) {
        states[name] = state(after: action, of: fault)
        faults.append(
          PlannedFault(
            id: 0, action: action, node: name, at: fault.at, lasting: fault.lasting))
      }
    case .network(let action, let disturbance):
      let sides = try names.sides(disturbance.sides, of: fault, seed: seed)
      if topology.isolation == .none { try fault.checkReach(sides, programs) }
      faults.append(
        PlannedFault(
          id: 0, action: action, at: fault.at, lasting: fault.lasting,
          network: NetworkFault(
            from: sides.from, to: sides.to, oneWay: disturbance.oneWay, loss: disturbance.loss,
            latency: disturbance.latency, bandwidth: disturbance.bandwidth)))
    case .churn(let group, let every, _):
      try checkChurn(of: group, every: every, in: fault)
    }
  }

  private func checkTimes(of fault: Topology.Fault) throws(Problem) {
    guard fault.at < topology.stopAt else {
      throw Problem(
        .time, "a \(fault.word) at \(fault.at) is too late: the run stops at \(topology.stopAt)")
    }
    if let lasting = fault.lasting, fault.at + lasting > topology.stopAt {
      throw Problem(
        .end,
        "the \(fault.word) would end at \(fault.at + lasting), after the run stops at "
          + "\(topology.stopAt); leave 'for' out to let it last to the end")
    }
  }
}

// MARK: - Nodes

extension FaultSchedule {
  private mutating func targets(
    _ action: PlannedFault.Action, _ target: Topology.Fault.Target, at time: Microseconds
  ) throws(Problem) -> [String] {
    switch target {
    case .node(let name):
      guard names.place(of: name) != nil else { throw names.unknown(name) }
      if let conflict = conflict(action, name, at: time) { throw Problem(.target, conflict) }
      return [name]
    case .some(let count, let group):
      let candidates = candidates(for: action, among: try names.nodes(of: group), at: time)
      guard candidates.count >= count else {
        throw Problem(
          .target,
          "a \(action.rawValue) of \(count) in group '\(group)' at \(time) "
            + "finds only \(candidates.count) that are up and that no other fault names")
      }
      return names.inOrder(candidates.prefix(count))
    }
  }

  /// The nodes a fault may hit, in the order of preference that the seed decides.
  ///
  /// A restart brings back those that are down first.
  private mutating func candidates(
    for action: PlannedFault.Action, among members: [String], at time: Microseconds
  ) -> [String] {
    let free = members.filter { !named.contains($0) }
    let up = free.filter { state(of: $0, at: time) == .up }.shuffled(using: &random)
    guard action == .restart else { return up }
    return free.filter { state(of: $0, at: time) == .down }.shuffled(using: &random) + up
  }

  private func conflict(
    _ action: PlannedFault.Action, _ name: String, at time: Microseconds
  ) -> String? {
    switch (action, state(of: name, at: time)) {
    case (_, .absent(let joins)): "\(name) joins only at \(joins)"
    case (_, .up), (.restart, _), (.kill, .paused): nil
    case (_, .down): "\(name) is already down at \(time): restart it before"
    case (_, .paused): "\(name) is still paused at \(time)"
    }
  }

  private func state(of name: String, at time: Microseconds) -> State {
    if let joins = joins[name], time <= joins { return .absent(until: joins) }
    switch states[name] ?? .up {
    case .paused(let until?) where until <= time: return .up
    case let state: return state
    }
  }

  private func state(after action: PlannedFault.Action, of fault: Topology.Fault) -> State {
    switch action {
    case .kill, .stop: .down
    case .pause: .paused(until: fault.lasting.map { fault.at + $0 })
    case .restart, .partition, .loss, .latency, .bandwidth: .up
    }
  }
}

// MARK: - Churn

extension FaultSchedule {
  /// Whatever the seed, churn finds a node, and the faults keep to their limit.
  private func checkChurn(
    of group: String, every: Microseconds, in fault: Topology.Fault
  ) throws(Problem) {
    let members = Set(try names.nodes(of: group))
    let chosen = topology.faults.reduce(0) { sum, other in
      if case .node(_, .some(let count, group)) = other.action { sum + count } else { sum }
    }
    let touched = members.intersection(named).count + chosen
    guard touched < members.count else {
      throw Problem(
        .target,
        "churn takes nodes that no other fault hits: of the \(members.count) in group '\(group)' "
          + "others hit up to \(touched)")
    }
    let lasts = fault.lasting ?? topology.stopAt - fault.at
    guard lasts.count / every.count <= Topology.mostFaults / 2 else {
      throw Problem(
        .target,
        "a churn every \(every) for \(lasts) is \(lasts.count / every.count) kills; "
          + "\(Topology.mostFaults / 2) at most")
    }
  }

  /// Adds the kills and restarts of every churn that has no problem. Those of one group share the
  /// nodes; a kill that finds nobody up is left out.
  private mutating func addChurn(_ ordered: [(offset: Int, element: Topology.Fault)]) {
    let flawed = Set(problems.map(\.fault))
    let touched = Set(faults.compactMap(\.node))
    var pools: [String: ChurnPool] = [:]
    var kills: [(at: Microseconds, group: String, downFor: Microseconds)] = []
    for (index, fault) in ordered where !flawed.contains(index) {
      guard case .churn(let group, let every, let downFor) = fault.action else { continue }
      kills += fault.churnMoments(every: every, of: group, stopAt: topology.stopAt, seed: seed)
        .map { ($0, group, downFor) }
      let free = ((try? names.nodes(of: group)) ?? []).filter {
        !touched.contains($0) && !named.contains($0)
      }
      pools[group] = ChurnPool(
        free.map { (joins[$0] ?? .zero, $0) },
        random: SeededGenerator(seed: seed, stream: "victims \(group)"))
    }
    for kill in kills.sorted(by: {
      ($0.at, $0.group, $0.downFor) < ($1.at, $1.group, $1.downFor)
    }) {
      faults +=
        pools[kill.group]?.faults(at: kill.at, downFor: kill.downFor, stopAt: topology.stopAt)
        ?? []
    }
    faults = faults.enumerated().sorted {
      ($0.element.at, $0.offset) < ($1.element.at, $1.offset)
    }.map(\.element)
  }
}

extension Topology.Fault {
  /// Where nodes share the machine's network, their drivers carry out what is done to it, and
  /// programs have none of ours.
  func checkReach(
    _ sides: (from: [String], to: [String]), _ programs: Set<String>
  ) throws(FaultSchedule.Problem) {
    guard let program = (sides.from + sides.to).first(where: programs.contains) else { return }
    throw FaultSchedule.Problem(
      .target,
      "a \(word) is carried out by nodes of ours, and \(program) is a program: let a relay do it, with "
        + "'isolation: relay', or the kernel, with 'isolation: namespace'")
  }

  /// Drivers tell nodes apart by addresses of 127.0.0.1.
  func checkRecognition(
    _ sides: (from: [String], to: [String]), _ elsewhere: Set<String>
  ) throws(FaultSchedule.Problem) {
    guard let node = (sides.from + sides.to).first(where: elsewhere.contains) else { return }
    throw FaultSchedule.Problem(
      .target,
      "a \(word) is carried out by nodes that know one another by addresses of 127.0.0.1, and "
        + "\(node) listens elsewhere: leave 'listen' out of the topology")
  }
}
