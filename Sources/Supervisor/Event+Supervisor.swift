import Faults
import Participants
import Topology

extension SupervisorEvents {
  static func relayApplied(_ number: Int, _ counts: RelayCounts) -> Event {
    Event(
      relayApplied,
      [
        "number": .integer(Int64(number)), "lost": .integer(Int64(counts.lost)),
        "held": .integer(Int64(counts.held)), "unknown": .integer(Int64(counts.unknown)),
      ])
  }
}

extension Event {
  /// What `fault.planned` says of a fault.
  init(planned fault: Fault) {
    self.init(
      SupervisorEvents.faultPlanned,
      ["fault": .integer(Int64(fault.id)), "action": .text(fault.action.word)])
    func add(_ name: String, _ value: Value?) {
      if let value { fields.append((name: name, value: value)) }
    }
    add("node", fault.node.map(Value.text))
    add("at", .integer(fault.at.count))
    add("lasting", fault.lasting.map { .integer($0.count) })
    guard let (from, to, oneWay) = fault.sides else { return }
    add("from", .text(abbreviated(from)))
    add("to", .text(abbreviated(to)))
    add("one_way", .flag(oneWay))
    add(fault.action.word, fault.action.amount.map(Value.integer))
  }
}
