import Messages
package import Participants

/// Faults that somebody asks for while the run goes on, in the words of a topology.
extension Topology.Fault {
  /// Reads a fault that is to happen now.
  ///
  /// - Parameters:
  ///   - action: a key such as `kill`.
  ///   - target: what would be its value, YAML: `peer-3`, or `{ group: peer, count: 2 }`.
  ///   - lasting: what would be the value of `for`.
  /// - Throws: ``TopologyError`` for what no topology could have either.
  package init(
    asking action: String, _ target: String, lasting: String?
  ) throws(TopologyError) {
    let words = lasting.map { "\(action) \(target) for \($0)" } ?? "\(action) \(target)"
    guard Self.words.contains(action) else {
      throw TopologyError(
        words, .file,
        "unknown fault '\(action)'\(suggestion(for: action, among: Self.words)); "
          + "there are: \(Self.words.joined(separator: ", "))")
    }
    var entries = [YAMLEntry(scalar: "at", "0s")]
    do throws(YAMLError) {
      let value = try YAMLValue.parse(target, override: .file)
      entries.append(YAMLEntry(key: action, place: .file, value: value))
    } catch {
      throw TopologyError(words, .file, error.message)
    }
    if let lasting { entries.append(YAMLEntry(scalar: "for", lasting)) }
    var reader = TopologyReader(
      file: TopologyFile(path: words, text: ""), roles: [], checks: nil, isSimulated: true,
      programs: true)
    let item = YAMLValue(content: .mapping(entries), place: .file)
    guard let read = reader.readFault(item), reader.problems.isEmpty else {
      throw TopologyError(file: words, problems: reader.problems)
    }
    self = read.fault
  }
}

extension YAMLEntry {
  fileprivate init(scalar key: String, _ text: String) {
    self.init(
      key: key, place: .file, value: YAMLValue(content: .scalar(text), place: .file))
  }
}

/// Why a fault that was asked for is not carried out, in words.
package struct FaultRefusal: Error, Equatable {
  package var description: String

  package init(_ description: String) { self.description = description }
}

extension Plan {
  /// What a fault that is asked for means to the run's nodes: one fault for each node it is done to,
  /// in order of time. Their `id`s are the next after those of the plan.
  ///
  /// - Parameters:
  ///   - moment: now, after the run began. Any times in `fault` count from here.
  ///   - done: how many of the plan's faults have had their turn.
  ///   - objection: why the action cannot be done to a node, by its position, right now.
  /// - Throws: ``FaultRefusal`` where it cannot be done now.
  package func faults(
    asked fault: Topology.Fault, at moment: Microseconds, done: Int,
    objection: (PlannedFault.Action, Int) -> String?
  ) throws(FaultRefusal) -> [PlannedFault] {
    var fault = fault
    fault.at = moment
    var planned: [PlannedFault]
    do throws(FaultSchedule.Problem) {
      switch fault.action {
      case .node(let action, let target):
        planned = try targets(action, target, objection).map {
          PlannedFault(id: 0, action: action, node: $0, at: moment, lasting: fault.lasting)
        }
      case .network(let action, let disturbance):
        let sides = try NodeNames(self).sides(disturbance.sides, of: fault, seed: seed)
        if isolation == .none {
          try fault.checkReach(sides, Set(nodes.filter { program(of: $0) != nil }.map(\.name)))
          try fault.checkRecognition(sides, Set(nodes.filter { !$0.isRecognised }.map(\.name)))
        }
        planned = [
          PlannedFault(
            id: 0, action: action, at: moment, lasting: fault.lasting,
            network: NetworkFault(
              from: sides.from, to: sides.to, oneWay: disturbance.oneWay, loss: disturbance.loss,
              latency: disturbance.latency, bandwidth: disturbance.bandwidth))
        ]
      case .churn(let group, let every, let downFor):
        planned = try churn(group, every, downFor, as: fault, done: done, objection)
      }
    } catch {
      throw FaultRefusal(error.message)
    }
    guard faults.count + planned.count <= Topology.mostFaults else {
      throw FaultRefusal("a run has \(Topology.mostFaults) faults at most")
    }
    for index in planned.indices { planned[index].id = faults.count + 1 + index }
    return planned
  }

  private func targets(
    _ action: PlannedFault.Action, _ target: Topology.Fault.Target,
    _ objection: (PlannedFault.Action, Int) -> String?
  ) throws(FaultSchedule.Problem) -> [String] {
    let names = NodeNames(self)
    switch target {
    case .node(let name):
      guard let place = names.place(of: name) else { throw names.unknown(name) }
      if let objection = objection(action, place) {
        throw FaultSchedule.Problem(.target, objection)
      }
      return [name]
    case .some(let count, let group):
      var random = SeededGenerator(seed: seed, stream: "asked \(faults.count)")
      let free = try names.nodes(of: group).filter { name in
        names.place(of: name).map { objection(action, $0) == nil } ?? false
      }
      guard free.count >= count else {
        throw FaultSchedule.Problem(
          .target,
          "a \(action.rawValue) of \(count) in group '\(group)' finds only \(free.count) of its "
            + "nodes that it can be done to now")
      }
      return names.inOrder(free.shuffled(using: &random).prefix(count))
    }
  }

  private func churn(
    _ group: String, _ every: Microseconds, _ downFor: Microseconds, as fault: Topology.Fault,
    done: Int, _ objection: (PlannedFault.Action, Int) -> String?
  ) throws(FaultSchedule.Problem) -> [PlannedFault] {
    let names = NodeNames(self)
    let pending = Set(faults[done...].compactMap(\.node))
    let free = try names.nodes(of: group).filter { name in
      !pending.contains(name) && names.place(of: name).map { objection(.kill, $0) == nil } ?? false
    }
    let lasts = min(fault.lasting ?? stopAt, stopAt - fault.at)
    guard lasts.count / every.count <= Topology.mostFaults / 2 else {
      throw FaultSchedule.Problem(
        .target,
        "a churn every \(every) for \(lasts) is \(lasts.count / every.count) kills; "
          + "\(Topology.mostFaults / 2) at most")
    }
    let moments = fault.churnMoments(every: every, of: group, stopAt: stopAt, seed: seed)
    var pool = ChurnPool(
      free.map { (.zero, $0) },
      random: SeededGenerator(seed: seed, stream: "victims \(group) at \(fault.at)"))
    var planned: [PlannedFault] = []
    for moment in moments {
      planned += pool.faults(at: moment, downFor: downFor, stopAt: stopAt)
    }
    guard !planned.isEmpty else {
      throw FaultSchedule.Problem(
        .target,
        "nothing would happen: group '\(group)' has \(counted(free.count, "node")) up that no fault to come "
          + "names, and there are \(counted(moments.count, "moment"))")
    }
    return planned.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
      .map(\.element)
  }
}
