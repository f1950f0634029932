import Faults
import Messages
import Participants
import Topology

/// What is asked of a run while it goes on.
extension SupervisorCore {
  /// A fault, of one node or of several, that a client waits for.
  struct Asked {
    var client: Int
    var faults: [Fault]
    /// Those that were neither seen to have happened nor skipped.
    var awaited: Set<Int>
    /// Why some did not happen.
    var objections: [String] = []
  }

  mutating func faultAsked(_ fault: Fault, by client: Int, at now: Instant) {
    guard case .running(let began) = phase else {
      return emit(.answer(client, .refused(whyNotRunning)))
    }
    let new: [Fault]
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
    if case .churn = fault.target { return emit(.answer(client, .done(new))) }
    asked.append(Asked(client: client, faults: new, awaited: Set(new.map(\.id))))
  }

  /// What `plan.json` says of the faults that it has.
  private mutating func logSides(of fault: Fault) {
    guard let (from, to, _) = fault.sides else { return }
    for (side, names) in [("from", from), ("to", to)] {
      var rest = names[...]
      while !rest.isEmpty {
        var length = 0
        let part = rest.prefix { name in
          length += name.utf8.count + 1
          return length <= Event.longestText
        }
        log(
          SupervisorEvents.faultSides,
          ["fault": fault.id, "side": side, "nodes": part.joined(separator: ",")])
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
    guard let index = asked.firstIndex(where: { $0.awaited.contains(fault) }) else { return }
    asked[index].awaited.remove(fault)
    if let objection { asked[index].objections.append(objection) }
    guard asked[index].awaited.isEmpty else { return }
    let settled = asked.remove(at: index)
    let answer: Answer =
      settled.objections.isEmpty
      ? .done(settled.faults) : .refused(settled.objections.joined(separator: "; "))
    emit(.answer(settled.client, answer))
  }

  mutating func stopAsked(at now: Instant) {
    // A launch that is broken off is no run that came to its stop.
    if case .launching = phase { return interrupt(at: now) }
    stop("asked", at: now)
  }
}
