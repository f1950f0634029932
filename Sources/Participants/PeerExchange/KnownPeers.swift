import Participants

/// A peer that this one has heard of.
struct KnownPeer {
  let address: Address
  /// Named by an option: never forgotten.
  let isBootstrap: Bool
  /// The connection that we dialled, or are dialling.
  var dialled: ConnectionID?
  var isOpen = false
  /// The latest connection on which somebody said to be it.
  var accepted: ConnectionID?
  /// Dials in vain, in a row.
  var failures = 0
  /// Unasked and wrong pieces that it gave on connections that we dialled.
  var offences = 0
  /// It offended too often: it is not dialled any more.
  var isShunned = false

  /// The connection to ask and to tell it on: ours, or where it cannot be dialled, its own.
  var connection: ConnectionID? {
    isShunned ? nil : isOpen ? dialled : failures > 0 ? accepted : nil
  }
}

/// Everybody that a peer has heard of, in the order in which it did.
struct KnownPeers {
  private var peers: [KnownPeer] = []
  private var places: [Address: Int] = [:]

  var count: Int { peers.count }
  var addresses: [Address] { peers.map(\.address) }
  /// Those who are connected, either way.
  var connected: [Address] {
    peers.filter { $0.isOpen || $0.accepted != nil }.map(\.address)
  }
  /// The connections to ask and tell on.
  var connections: [(peer: Address, id: ConnectionID)] {
    peers.compactMap { peer in peer.connection.map { (peer.address, $0) } }
  }

  subscript(address: Address) -> KnownPeer? { places[address].map { peers[$0] } }

  func contains(_ address: Address) -> Bool { places[address] != nil }

  mutating func add(_ peer: KnownPeer) {
    places[peer.address] = peers.count
    peers.append(peer)
  }

  /// Changes what is known of a peer, if it is known.
  mutating func update(_ address: Address?, _ change: (inout KnownPeer) -> Void) {
    guard let place = address.flatMap({ places[$0] }) else { return }
    change(&peers[place])
  }

  mutating func remove(_ address: Address) {
    guard let place = places.removeValue(forKey: address) else { return }
    peers.remove(at: place)
    for later in place..<peers.count { places[peers[later].address] = later }
  }
}
