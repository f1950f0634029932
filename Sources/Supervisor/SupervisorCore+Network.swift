import Faults
import Participants
import Topology

/// Faults on the network: which are on, and which nodes have yet to go by that.
extension SupervisorCore {
  /// A fault on the network that is on, or that some nodes still go by.
  struct Spell {
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
    spells.append(
      Spell(fault: position, endsAt: fault.lasting.map { now + $0 }))
    changeRules(for: spells.count - 1)
    settle()
  }

  var nextSpellEnd: Instant? {
    spells.lazy.filter { $0.stage != .ending }.compactMap(\.endsAt).min()
  }

  mutating func endSpells(at now: Instant) {
    for index in spells.indices where spells[index].stage != .ending {
      guard let end = spells[index].endsAt, end <= now else { continue }
      spells[index].stage = .ending
      changeRules(for: index)
    }
    settle()
  }

  /// A fault begins or ends: its nodes are told, and those that can are to say that they know.
  ///
  /// One that is frozen does nothing until it is continued, and then reads the rules.
  private mutating func changeRules(for index: Int) {
    writeRules()
    let nodes = sides(of: spells[index])
    for node in nodes { emit(.signal(node, .heed)) }
    spells[index].rules = rules
    spells[index].awaits = Set(nodes).subtracting(pauses.map(\.node))
  }

  private mutating func writeRules() {
    rules += 1
    emit(
      .rule(
        number: rules, faults: spells.filter { $0.stage != .ending }.map(\.fault)))
  }

  /// Where a node listens, as far as is known.
  func address(of name: String) -> Address? { places[name].flatMap { nodes[$0].address } }

  /// The faults at these positions of the plan for whoever carries them out.
  func networkRules(_ number: Int, _ positions: [Int]) -> NetworkRules {
    let faults = positions.map { plan.faults[$0] }
    let names = Set(faults.compactMap(\.sides).flatMap { $0.from + $0.to })
    return NetworkRules(
      number: number, faults: faults,
      addresses: Dictionary(
        uniqueKeysWithValues: names.compactMap { name in address(of: name).map { (name, $0) } }))
  }

  /// The nodes on both sides that have a process, and are not about to end, in the plan's order.
  private func sides(of spell: Spell) -> [Int] {
    guard let (from, to, _) = plan.faults[spell.fault].sides else { return [] }
    return Set((from + to).compactMap { places[$0] }).sorted().filter {
      nodes[$0].hasProcess && !nodes[$0].wasTerminated && !nodes[$0].wasKilled
    }
  }

  /// A node listens at an address that the rules do not have yet: it joined late.
  mutating func addressIsNew(_ index: Int) {
    let concerned = spells.filter { $0.stage != .ending && sides(of: $0).contains(index) }
    guard !concerned.isEmpty else { return }
    writeRules()
    for node in Set(concerned.flatMap(sides)).sorted() { emit(.signal(node, .heed)) }
  }

  mutating func heeded(_ node: Int, rules: Int) {
    for index in spells.indices where spells[index].rules <= rules {
      spells[index].awaits.remove(node)
    }
    settle()
  }

  /// It ends, and says no more.
  mutating func forget(_ node: Int) {
    for index in spells.indices { spells[index].awaits.remove(node) }
    settle()
  }

  /// Confirms what all nodes go by.
  private mutating func settle() {
    guard case .running = phase else { return }
    for index in spells.indices where spells[index].awaits.isEmpty {
      let fault = plan.faults[spells[index].fault].id
      switch spells[index].stage {
      case .beginning:
        spells[index].stage = .on
        confirm(fault)
      case .on: break
      case .ending: heal(fault)
      }
    }
    spells.removeAll { $0.stage == .ending && $0.awaits.isEmpty }
  }
}
