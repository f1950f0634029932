import Gossip
import HTTPTorrent
package import Participants

/// Every network and role that Seedbed ships: what the node can run and a topology can name.
package enum Networks {
  package static let roles: [Role] = GossipRoles.all + TorrentRoles.all

  /// The kinds of event that each network's nodes log, for the documentation.
  package static let eventKinds: [(network: String, kinds: [EventKind])] = [
    ("gossip", GossipEvents.all), ("torrent", TorrentEvents.all),
  ]
}
