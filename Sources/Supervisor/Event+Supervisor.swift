import Faults
import Participants
import Topology

extension SupervisorEvents {
  static func relayApplied(_ number: Int, _ counts: RelayCounts) -> Event {
    Event(
      relayApplied,
      ["number": number, "lost": counts.lost, "held": counts.held, "unknown": counts.unknown])
  }
}

extension Event {
  /// What `fault.planned` says of a fault.
  init(planned fault: Fault) {
    let sides = fault.sides
    self.init(
      SupervisorEvents.faultPlanned,
      [
        "fault": fault.id, "action": fault.action.word, "node": fault.node, "at": fault.at,
        "lasting": fault.lasting, "from": sides.map { abbreviated($0.from) },
        "to": sides.map { abbreviated($0.to) }, "one_way": sides?.oneWay,
        fault.action.word: fault.action.amount,
      ])
  }
}
