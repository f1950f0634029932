import Participants
import Topology

extension SupervisorCore {
  mutating func exited(_ index: Int, _ status: ExitStatus, at now: Instant) {
    guard nodes[index].hasProcess else { return }
    let wasReady = nodes[index].state == .ready
    let unexpected = !nodes[index].asked(for: status)
    move(index, to: .ended)
    logExit(of: index, status, unexpected: unexpected)
    for pause in pauses where pause.node == index {
      settleAsked(pause.fault, "\(plan.nodes[index].name) ended before it was seen to be paused")
    }
    pauses.removeAll { $0.node == index }
    for fault in nodes[index].toConfirm { confirm(fault) }
    nodes[index].toConfirm = []
    forget(index)
    if unexpected { unexpectedExits.append((node: index, status: status)) }

    switch phase {
    case .launching:
      blamed = [index]
      launchFailure = status
      let when = wasReady ? "before the run began" : "before it was ready"
      fail("\(plan.nodes[index].name) ended \(when) (\(status))", at: now)
    case .running:
      switch nodes[index].restart {
      case .ending(let fault):
        nodes[index].restart = .starting(fault: fault)
        spawnAgain(index, at: now)
      case .starting(let fault):
        nodes[index].restart = nil
        settleAsked(fault, "\(plan.nodes[index].name) ended before it was ready again (\(status))")
      case nil: break
      }
    case .stopping, .checkingGroups, .ended:
      break
    }
  }

  private mutating func logExit(of index: Int, _ status: ExitStatus, unexpected: Bool) {
    let pid = nodes[index].pid
    switch status {
    case .code(let code):
      log(
        SupervisorEvents.nodeExited,
        ["node": name(index), "pid": pid, "code": code, "unexpected": unexpected])
    case .signal(let signal):
      log(
        SupervisorEvents.nodeExited,
        ["node": name(index), "pid": pid, "signal": signal, "unexpected": unexpected])
    }
  }

  /// The run cannot succeed any more: what is there is stopped in order.
  mutating func fail(_ reason: String, at now: Instant) {
    if failure == nil { failure = reason }
    stop("failed", at: now)
  }

  /// What is missing from the logs makes the run unfit to be judged.
  mutating func failStorage(_ why: String, at now: Instant) {
    storageFailed = true
    fail(why, at: now)
  }

  /// The supervisor does something every ``usageInterval``, and is told how long ago the last thing but
  /// one was: what is little more is no sign that it was stopped.
  private static let shortestStop = Microseconds.milliseconds(2_500)

  mutating func continued(after idle: Microseconds) {
    guard idle >= Self.shortestStop else { return }
    log(SupervisorEvents.runContinued, ["idle": idle])
  }

  mutating func interrupt(at now: Instant) {
    switch phase {
    case .launching, .running:
      isInterrupted = true
      stop("interrupted", at: now)
    case .stopping: killTheRest()
    case .checkingGroups, .ended: break
    }
  }

  /// Tells every node to end. One that is frozen gets SIGTERM before it is continued, so that it
  /// does nothing in between.
  mutating func stop(_ reason: String, at now: Instant) {
    switch phase {
    case .launching, .running: break
    case .stopping, .checkingGroups, .ended: return
    }
    phase = .stopping
    killAt = now + plan.stopWithin
    log(SupervisorEvents.runStopping, ["reason": reason])
    skipTheRest()
    for index in nodes.indices where nodes[index].hasProcess && !nodes[index].wasKilled {
      terminate(index)
    }
    for pause in pauses where nodes[pause.node].hasProcess {
      emit(.signal(pause.node, .resume))
    }
    pauses = []
  }

  mutating func killTheRest() {
    killAt = nil
    isKilling = true
    for index in nodes.indices where nodes[index].hasProcess && !nodes[index].wasKilled {
      stubborn.append(index)
      kill(index)
    }
  }

  /// Whether some node has a process, or is about to get one.
  var hasLiveNodes: Bool { count(.spawning) + count(.starting) + count(.ready) > 0 }

  mutating func checkGroupsIfAllEnded(at now: Instant) {
    guard !hasLiveNodes else { return }
    phase = .checkingGroups(until: now + Self.groupsWithin, next: nil)
    emit(.checkGroups)
  }

  mutating func checkGroupsAgain(at now: Instant) {
    guard case .checkingGroups(let until, let next?) = phase, now >= next else { return }
    phase = .checkingGroups(until: until, next: nil)
    emit(.checkGroups)
  }

  mutating func groupsSeen(alive: [Int], at now: Instant) {
    guard case .checkingGroups(let until, nil) = phase else { return }
    if alive.isEmpty {
      finish()
    } else if now < until {
      phase = .checkingGroups(until: until, next: now + Self.groupsInterval)
    } else {
      let survivors = "processes started by \(names(alive)) could not be ended"
      failure = failure.map { "\($0); \(survivors)" } ?? survivors
      finish()
    }
  }

  private mutating func finish() {
    phase = .ended
    let conclusion = conclusion
    log(
      SupervisorEvents.runEnded,
      ["outcome": conclusion.outcome.rawValue, "reason": conclusion.reason])
    emit(.finished(conclusion))
  }

  private var conclusion: Conclusion {
    var outcome = Conclusion.Outcome.completed
    var reasons: [String] = []
    if isInterrupted { outcome = .interrupted }
    if let failure {
      outcome = .failed
      reasons.append(failure)
    } else if !unexpectedExits.isEmpty {
      if !plan.allowsUnexpectedExits { outcome = .failed }
      let nodes = unexpectedExits.map(\.node)
      let status = unexpectedExits.count == 1 ? " (\(unexpectedExits[0].status))" : ""
      reasons.append("ended unasked: \(names(nodes))\(status)")
    }
    if !stubborn.isEmpty {
      reasons.append("had to be killed at the end: \(names(stubborn))")
    }
    let blamed = blamed.isEmpty ? unexpectedExits.map(\.node) : blamed
    return Conclusion(
      outcome: outcome, reason: reasons.joined(separator: "; "), began: began != nil,
      blamed: blamed.map { plan.nodes[$0].name }, launchFailure: launchFailure,
      storageFailed: storageFailed)
  }
}
