extension View {
  /// Every view, in the order of the documentation. A view reads only tables and views before it.
  package static let all =
    generic + gossip + kptp + peerExchange + kademlia + torrent + hyperdht
}
