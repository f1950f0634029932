import NetworkRules
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
  init(planned fault: PlannedFault) {
    self.init(
      SupervisorEvents.faultPlanned,
      ["fault": .integer(Int64(fault.id)), "action": .text(fault.action.rawValue)])
    func add(_ name: String, _ value: Value?) {
      if let value { fields.append((name: name, value: value)) }
    }
    add("node", fault.node.map(Value.text))
    add("at", .integer(fault.at.count))
    add("lasting", fault.lasting.map { .integer($0.count) })
    guard let network = fault.network else { return }
    add("from", .text(abbreviated(network.from)))
    add("to", .text(abbreviated(network.to)))
    add("one_way", .flag(network.oneWay))
    add("loss", network.loss.map { .integer(Int64($0)) })
    add("latency", network.latency.map { .integer($0.count) })
    add("bandwidth", network.bandwidth.map(Value.integer))
  }
}
