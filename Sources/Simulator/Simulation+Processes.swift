import Messages
import Participants
import Supervisor
import Topology

/// The lives of the nodes' processes, as the supervisor's core has them.
extension Simulation {
  mutating func start(_ node: Int, life: UInt32) {
    guard nodes[node].life == life, nodes[node].state == .down else { return }
    nodes[node].state = .up
    // Each life draws anew.
    let stream = "\(nodes[node].name)#\(nodes[node].sequence)"
    nodes[node].random = SeededGenerator(seed: plan.seed, stream: stream)
    var secrets = SeededGenerator(seed: plan.seed, stream: "\(stream) secret")
    nodes[node].participant = nodes[node].role.make(
      ParticipantSettings(
        options: nodes[node].options, seeds: nodes[node].role.seedList == .reads ? seedList : [],
        secret: .random(ParticipantSettings.secretSize, using: &secrets)))
    log(
      NodeEvents.ready(
        at: nodes[node].address, and: nodes[node].also?.host, role: nodes[node].role.fullName,
        version: version,
        pid: nodes[node].pid,
        options: nodes[node].options), of: node)
    if rules > 0 { heed(node) }
    tell(.ready(node, nodes[node].address))
    deliver(.started(listening: nodes[node].address), to: node)
  }

  mutating func signal(_ signal: SupervisorCore.Signal, _ node: Int) {
    switch signal {
    case .kill:
      vanish(node)
      planExit(node)
    case .pause:
      if nodes[node].state == .up { nodes[node].state = .frozen }
    case .resume:
      guard nodes[node].state == .frozen else { return }
      nodes[node].state = .up
      let held = nodes[node].held
      nodes[node].held = []
      if nodes[node].isHeedPending { heed(node) }
      for input in held where nodes[node].state != .down { deliver(input, to: node) }
      if nodes[node].isTerminationPending { terminate(node) }
    case .terminate: terminate(node)
    case .heed: heed(node)
    }
  }

  /// The network is as it is for all: a node only says that it knows.
  private mutating func heed(_ node: Int) {
    switch nodes[node].state {
    case .frozen: nodes[node].isHeedPending = true
    case .down: break
    case .up:
      nodes[node].isHeedPending = false
      log(
        NodeEvents.rulesApplied(rules, faults: conditions.faults(of: Int32(node))), of: node)
      tell(.heeded(node, rules: rules))
    }
  }

  mutating func terminate(_ node: Int) {
    switch nodes[node].state {
    case .frozen: nodes[node].isTerminationPending = true
    case .down:
      // It has not come to its own handler yet: the system's ends it.
      nodes[node].endsBySignal = true
      vanish(node)
      planExit(node)
    case .up:
      log(Event(NodeEvents.stopping), of: node)
      deliver(.stopping, to: node)
      log(Event(NodeEvents.stopped), of: node)
      nodes[node].endsInOrder = true
      vanish(node)
      planExit(node)
    }
  }

  /// A node cannot do what it was started for.
  mutating func fail(_ node: Int) {
    vanish(node)
    planExit(node)
  }

  /// The process is gone; its system closes its connections.
  private mutating func vanish(_ node: Int) {
    nodes[node].state = .down
    // A start that was planned is off.
    nodes[node].life &+= 1
    nodes[node].participant = nil
    nodes[node].held = []
    nodes[node].isTerminationPending = false
    nodes[node].isHeedPending = false
    for id in nodes[node].ends.keys { close(id, of: node) }
    for key in nodes[node].timers.values { _ = timers.take(key.index, generation: key.generation) }
    nodes[node].timers = [:]
  }

  private mutating func planExit(_ node: Int) {
    queue.plan(.exit, Int32(node), generation: nodes[node].life, at: now + 100)
  }

  mutating func exited(_ node: Int, life: UInt32) {
    guard nodes[node].life == life else { return }
    let status: SupervisorCore.ExitStatus =
      if let failure = nodes[node].failure {
        .code((failure.isMisuse ? ExitCode.usage : .error).rawValue)
      } else if nodes[node].endsInOrder {
        .code(0)
      } else {
        .signal(nodes[node].endsBySignal ? 15 : 9)
      }
    nodes[node].failure = nil
    nodes[node].endsInOrder = false
    nodes[node].endsBySignal = false
    tell(.exited(node, status))
  }
}
