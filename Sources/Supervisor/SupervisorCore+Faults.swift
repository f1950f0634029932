import Faults
import Participants
import Topology

extension SupervisorCore {
  /// A node that is being frozen, is frozen or is being continued.
  struct Pause {
    enum Stage {
      case pausing
      case paused
      case resuming
    }

    var node: Int
    var fault: Int
    var stage: Stage
    var endsAt: Instant?
    /// When to read the process's state (again).
    var readAt: Instant?
  }

  func nextFaultAt(_ began: Instant) -> Instant? {
    faultsDone < plan.faults.count ? began + plan.faults[faultsDone].at : nil
  }

  var nextPauseStep: Instant? {
    pauses.flatMap { [$0.stage == .resuming ? nil : $0.endsAt, $0.readAt] }.compactMap(\.self).min()
  }

  mutating func applyFaults(since began: Instant, at now: Instant) {
    while let due = nextFaultAt(began), due <= now {
      faultsDone += 1
      let fault = plan.faults[faultsDone - 1]
      if fault.action.isOnNetwork {
        disturb(faultsDone - 1, at: now)
      } else if let index = places[fault.node ?? ""] {
        apply(fault, to: index, at: now)
      } else {
        skip(fault.id, "the plan has no node \(fault.node ?? "")")
      }
    }
  }

  private mutating func apply(_ fault: Fault, to index: Int, at now: Instant) {
    if let reason = reasonToSkip(fault.action, on: index) { return skip(fault.id, reason) }
    log(SupervisorEvents.faultApplied, ["fault": fault.id])
    switch fault.action {
    case .partition, .loss, .latency, .bandwidth: break
    case .kill:
      nodes[index].toConfirm.append(fault.id)
      kill(index)
    case .stop:
      nodes[index].toConfirm.append(fault.id)
      terminate(index)
    case .pause:
      emit(.signal(index, .pause))
      pauses.append(
        Pause(
          node: index, fault: fault.id, stage: .pausing, endsAt: fault.lasting.map { now + $0 },
          readAt: now))
    case .restart:
      if nodes[index].hasProcess {
        nodes[index].restart = .ending(fault: fault.id)
        kill(index)
      } else {
        nodes[index].restart = .starting(fault: fault.id)
        spawnAgain(index, at: now)
      }
    }
  }

  func reasonToSkip(_ action: Fault.Action, on index: Int) -> String? {
    let node = nodes[index]
    let name = plan.nodes[index].name
    switch node.restart {
    case .ending: return "\(name) is being restarted"
    case .starting:
      if action == .restart || !node.hasProcess { return "\(name) is being restarted" }
    case nil:
      if node.state == .waiting || node.state == .spawning { return "\(name) has not joined yet" }
      if action == .restart { return nil }
      if !node.hasProcess { return "\(name) has ended already" }
    }
    if node.wasKilled { return "\(name) is being killed" }
    if action == .pause, pauses.contains(where: { $0.node == index }) {
      return "\(name) is paused already"
    }
    return nil
  }

  private mutating func skip(_ fault: Int, _ reason: String) {
    log(SupervisorEvents.faultSkipped, ["fault": fault, "reason": reason])
    settleAsked(fault, reason)
  }

  /// The run stops: what was not applied yet never will be.
  mutating func skipTheRest() {
    for fault in plan.faults[faultsDone...] { skip(fault.id, "the run stopped before") }
    faultsDone = plan.faults.count
  }

  mutating func terminate(_ index: Int) {
    nodes[index].wasTerminated = true
    emit(.signal(index, .terminate))
    forget(index)
  }

  mutating func kill(_ index: Int) {
    nodes[index].wasKilled = true
    emit(.signal(index, .kill))
    forget(index)
  }

  mutating func confirm(_ fault: Int) {
    log(SupervisorEvents.faultConfirmed, ["fault": fault])
    settleAsked(fault)
  }

  mutating func heal(_ fault: Int) {
    log(SupervisorEvents.faultHealed, ["fault": fault])
  }

  mutating func confirmRestart(of index: Int) {
    guard case .starting(let fault) = nodes[index].restart else { return }
    nodes[index].restart = nil
    confirm(fault)
    heal(fault)
  }

  mutating func advancePauses(to now: Instant) {
    for position in pauses.indices {
      let pause = pauses[position]
      if pause.stage != .resuming, let end = pause.endsAt, now >= end {
        pauses[position].stage = .resuming
        pauses[position].readAt = now
        emit(.signal(pause.node, .resume))
      }
      if let due = pauses[position].readAt, now >= due {
        pauses[position].readAt = now + Self.stateInterval
        emit(.readState(pause.node))
      }
    }
  }

  mutating func stateSeen(_ index: Int, isPaused: Bool) {
    guard let position = pauses.firstIndex(where: { $0.node == index }) else { return }
    switch (pauses[position].stage, isPaused) {
    case (.pausing, true):
      pauses[position].stage = .paused
      pauses[position].readAt = nil
      confirm(pauses[position].fault)
    case (.resuming, false):
      heal(pauses[position].fault)
      pauses.remove(at: position)
    case (.pausing, false), (.paused, _), (.resuming, true):
      break
    }
  }
}
