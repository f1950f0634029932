import NetworkRules
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
  init(planned fault: PlannedFault) {
    let network = fault.network
    self.init(
      SupervisorEvents.faultPlanned,
      [
        "fault": fault.id, "action": fault.action.rawValue, "node": fault.node, "at": fault.at,
        "lasting": fault.lasting, "from": network.map { abbreviated($0.from) },
        "to": network.map { abbreviated($0.to) }, "one_way": network?.oneWay,
        "loss": network?.loss, "latency": network?.latency, "bandwidth": network?.bandwidth,
      ])
  }
}
