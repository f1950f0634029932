import Participants
import Topology

/// Faults on the network: which are on, and which nodes have yet to go by that.
extension SupervisorCore {
  struct Disturbance {
    enum Stage {
      /// Some node does not go by it yet.
      case beginning
      case on
      /// It is off, and some node does not know.
      case ending
    }

    /// Its position in the plan.
    let fault: Int
    /// `nil`: with the run.
    let endsAt: Instant?
    var stage = Stage.beginning
    /// The rules that it began or ended with.
    var rules = 0
    /// The nodes that have yet to say that they go by those.
    var awaits: Set<Int> = []
  }

  mutating func disturb(_ position: Int, at now: Instant) {
    let fault = plan.faults[position]
    log(SupervisorEvents.faultApplied, ["fault": fault.id])
    disturbances.append(
      Disturbance(fault: position, endsAt: fault.lasting.map { now + $0 }))
    changeRules(for: disturbances.count - 1)
    settle()
  }

  var nextDisturbanceEnd: Instant? {
    disturbances.lazy.filter { $0.stage != .ending }.compactMap(\.endsAt).min()
  }

  mutating func endDisturbances(at now: Instant) {
    for index in disturbances.indices where disturbances[index].stage != .ending {
      guard let end = disturbances[index].endsAt, end <= now else { continue }
      disturbances[index].stage = .ending
      changeRules(for: index)
    }
    settle()
  }

  /// A fault begins or ends: its nodes are told, and those that can are to say that they know.
  ///
  /// One that is frozen does nothing until it is continued, and then reads the rules.
  private mutating func changeRules(for index: Int) {
    writeRules()
    let nodes = sides(of: disturbances[index])
    for node in nodes { emit(.signal(node, .heed)) }
    disturbances[index].rules = rules
    disturbances[index].awaits = Set(nodes).subtracting(pauses.map(\.node))
  }

  private mutating func writeRules() {
    rules += 1
    emit(
      .rule(
        number: rules, faults: disturbances.filter { $0.stage != .ending }.map(\.fault)))
  }

  /// The nodes on both sides that have a process, and are not about to end, in the plan's order.
  private func sides(of disturbance: Disturbance) -> [Int] {
    guard let network = plan.faults[disturbance.fault].network else { return [] }
    return Set((network.from + network.to).compactMap { places[$0] }).sorted().filter {
      nodes[$0].hasProcess && !nodes[$0].wasTerminated && !nodes[$0].wasKilled
    }
  }

  /// A node listens at an address that the rules do not have yet: it joined late.
  mutating func addressIsNew(_ index: Int) {
    let concerned = disturbances.filter { $0.stage != .ending && sides(of: $0).contains(index) }
    guard !concerned.isEmpty else { return }
    writeRules()
    for node in Set(concerned.flatMap(sides)).sorted() { emit(.signal(node, .heed)) }
  }

  mutating func heeded(_ node: Int, rules: Int) {
    for index in disturbances.indices where disturbances[index].rules <= rules {
      disturbances[index].awaits.remove(node)
    }
    settle()
  }

  /// It ends, and says no more.
  mutating func forget(_ node: Int) {
    for index in disturbances.indices { disturbances[index].awaits.remove(node) }
    settle()
  }

  /// Confirms what all nodes go by.
  private mutating func settle() {
    guard case .running = phase else { return }
    for index in disturbances.indices where disturbances[index].awaits.isEmpty {
      let fault = plan.faults[disturbances[index].fault].id
      switch disturbances[index].stage {
      case .beginning:
        disturbances[index].stage = .on
        confirm(fault)
      case .on: break
      case .ending: heal(fault)
      }
    }
    disturbances.removeAll { $0.stage == .ending && $0.awaits.isEmpty }
  }
}
