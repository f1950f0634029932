import Messages
import Participants
import Topology

/// What is asked of a run while it goes on.
extension SupervisorCore {
  /// A fault, of one node or of several, that a client waits for.
  struct AskedFault {
    var client: Int
    var faults: [PlannedFault]
    /// Those that were neither seen to have happened nor skipped.
    var awaited: Set<Int>
    /// Why some did not happen.
    var objections: [String] = []
  }

  mutating func faultAsked(_ fault: Topology.Fault, by client: Int, at now: Instant) {
    guard case .running(let began) = phase else {
      return emit(.answer(client, .refused(whyNotRunning)))
    }
    let new: [PlannedFault]
    do throws(FaultRefusal) {
      new = try plan.faults(asked: fault, at: now - began, done: faultsDone) {
        reasonToSkip($0, on: $1)
      }
    } catch {
      return emit(.answer(client, .refused(error.description)))
    }
    for fault in new {
      let later = plan.faults[faultsDone...].firstIndex { $0.at > fault.at }
      plan.faults.insert(fault, at: later ?? plan.faults.endIndex)
      emit(.log(Event(planned: fault)))
      logSides(of: fault)
    }
    // A churn's moments are still to come.
    if case .churn = fault.action { return emit(.answer(client, .done(new))) }
    askedFaults.append(AskedFault(client: client, faults: new, awaited: Set(new.map(\.id))))
  }

  /// What `plan.json` says of the faults that it has.
  private mutating func logSides(of fault: PlannedFault) {
    guard let network = fault.network else { return }
    for (side, names) in [("from", network.from), ("to", network.to)] {
      var rest = names[...]
      while !rest.isEmpty {
        var length = 0
        let part = rest.prefix { name in
          length += name.utf8.count + 1
          return length <= Event.longestText
        }
        log(
          SupervisorEvents.faultSides,
          [
            "fault": .integer(Int64(fault.id)), "side": .text(side),
            "nodes": .text(part.joined(separator: ",")),
          ])
        rest = rest.dropFirst(part.count)
      }
    }
  }

  private var whyNotRunning: String {
    switch phase {
    case .launching:
      "the run has not begun: \(progress.ready) of \(counted(progress.nodes, "node")) are ready"
    case .running, .stopping, .checkingGroups, .ended: "the run is coming to its end"
    }
  }

  /// A fault was seen to have happened, or never will.
  mutating func settleAsked(_ fault: Int, _ objection: String? = nil) {
    guard let index = askedFaults.firstIndex(where: { $0.awaited.contains(fault) }) else { return }
    askedFaults[index].awaited.remove(fault)
    if let objection { askedFaults[index].objections.append(objection) }
    guard askedFaults[index].awaited.isEmpty else { return }
    let asked = askedFaults.remove(at: index)
    let answer: Answer =
      asked.objections.isEmpty
      ? .done(asked.faults) : .refused(asked.objections.joined(separator: "; "))
    emit(.answer(asked.client, answer))
  }

  mutating func stopAsked(at now: Instant) {
    // A launch that is broken off is no run that came to its stop.
    if case .launching = phase { return interrupt(at: now) }
    stop("asked", at: now)
  }
}
