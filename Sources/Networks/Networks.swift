import Gossip
import HyperDHT
import KPTP
import Kademlia
package import Participants
import PeerExchange

/// Every network and role that Seedbed ships: what the node can run and a topology can name.
package enum Networks {
  package static let roles: [Role] =
    GossipRoles.all + KPTPRoles.all + PeerExchangeRoles.all
    + KademliaRoles.all + HyperDHTRoles.all

  /// The kinds of event that each network's nodes log, for the documentation.
  package static let eventKinds: [(network: String, kinds: [EventKind])] = [
    ("gossip", GossipEvents.all), ("kptp", KPTPEvents.all), ("pex", PeerExchangeEvents.all),
    ("kademlia", KademliaEvents.all), ("hyperdht", HyperDHTEvents.all),
  ]
}
