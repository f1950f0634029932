import Gossip
import HTTPTorrent
import HyperDHT
import KPTP
import Kademlia
package import Participants
import PeerExchange

/// Every network and role that Seedbed ships: what the node can run and a topology can name.
package enum Networks {
  package static var roles: [Role] { catalogue.flatMap { $0.roles() } }

  /// A role by its ``Role/fullName``. The other networks' are not even made: a node stays small.
  package static func role(named name: String) -> Role? {
    catalogue.first { name.hasPrefix("\($0.network)-") }?.roles().first { $0.fullName == name }
  }

  private static let catalogue: [(network: String, roles: @Sendable () -> [Role])] = [
    ("gossip", { GossipRoles.all }), ("kptp", { KPTPRoles.all }),
    ("pex", { PeerExchangeRoles.all }), ("kademlia", { KademliaRoles.all }),
    ("torrent", { TorrentRoles.all }), ("hyperdht", { HyperDHTRoles.all }),
  ]

  /// The kinds of event that each network's nodes log, for the documentation.
  package static let eventKinds: [(network: String, kinds: [EventKind])] = [
    ("gossip", GossipEvents.all), ("kptp", KPTPEvents.all), ("pex", PeerExchangeEvents.all),
    ("kademlia", KademliaEvents.all), ("torrent", TorrentEvents.all),
    ("hyperdht", HyperDHTEvents.all),
  ]
}
