import NetworkRules
import Participants
import Topology

extension PlannedFault {
  /// A fault on the network as the nodes' drivers are told of it; `nil` for one on a node.
  ///
  /// - Parameter address: where a node listens, as far as is known.
  func rule(address: (String) -> Address?) -> NetworkRules.Rule? {
    let (action, amount): (NetworkRules.Action, Int64?)
    switch self.action {
    case .kill, .stop, .pause, .restart: return nil
    case .partition: (action, amount) = (.partition, 0)
    case .loss: (action, amount) = (.loss, (network?.loss).map(Int64.init))
    case .latency: (action, amount) = (.latency, network?.latency?.count)
    case .bandwidth: (action, amount) = (.bandwidth, network?.bandwidth)
    }
    guard let network, let amount else { return nil }
    func members(_ names: [String]) -> [NetworkRules.Member] {
      names.map { NetworkRules.Member(name: $0, address: address($0)) }
    }
    return NetworkRules.Rule(
      fault: id, action: action, oneWay: network.oneWay, amount: amount,
      from: members(network.from), to: members(network.to))
  }
}
