import Gossip
import HTTPTorrent
import HyperDHT
import KPTP
import Kademlia
package import Participants
import PeerExchange

/// Every network and role that Seedbed ships: what the node can run and a topology can name.
package enum Networks {
  /// One line for each network.
  package static let all: [Network] = [
    .gossip,
    .kptp,
    .pex,
    .kademlia,
    .torrent,
    .hyperdht,
  ]

  package static var roles: [Role] { all.flatMap { $0.roles() } }

  /// A role by its ``Role/fullName``. The other networks' are not even made: a node stays small.
  package static func role(named name: String) -> Role? {
    all.first { name.hasPrefix("\($0.name)-") }?.roles().first { $0.fullName == name }
  }
}
