import Participants

/// A peer that this one has heard of.
struct KnownPeer {
  let address: Address
  /// Named by an option: never forgotten.
  let isBootstrap: Bool
  /// The connection that we dialled, or are dialling.
  var dialled: ConnectionID?
  var isOpen = false
  /// The latest connection that was accepted and found to be its.
  var accepted: ConnectionID?
  /// Dials in vain, in a row.
  var failures = 0
  /// Unasked and wrong pieces that it gave on connections that we dialled.
  var offences = 0
  /// It offended too often: it is not dialled any more.
  var isShunned = false

  init(address: Address, isBootstrap: Bool, failures: Int = 0) {
    self.address = address
    self.isBootstrap = isBootstrap
    self.failures = failures
  }

  /// Whether it is to be dialled, when it is not.
  var isSought: Bool { dialled == nil && !isShunned }
  /// Whether it was dialled in vain, and is to be again.
  var isUnreachable: Bool { !isOpen && failures > 0 && !isShunned }

  /// The connection to ask and to tell it on: ours, or where it cannot be dialled, its own.
  var connection: ConnectionID? {
    isShunned ? nil : isOpen ? dialled : failures > 0 ? accepted : nil
  }
}

/// Addresses that were forgotten because nobody answered there, though others may still name them.
/// Each is left alone for a while, twice as long every time.
struct ForgottenPeers {
  /// Addresses that are remembered; the one that was forgotten longest ago goes first.
  static let most = 1_024
  /// Exchange intervals for which an address is left alone the first time, and at most.
  static let leftAlone = 4...32

  private var peers: [Address: (times: Int, until: Instant)] = [:]
  private var order: [Address] = []

  /// How often it was forgotten in a row.
  func times(_ address: Address) -> Int { peers[address]?.times ?? 0 }

  func isLeftAlone(_ address: Address, at now: Instant) -> Bool {
    peers[address].map { $0.until > now } ?? false
  }

  mutating func add(_ address: Address, at now: Instant, interval: Microseconds) {
    let times = times(address)
    let intervals = min(Self.leftAlone.lowerBound << min(times, 8), Self.leftAlone.upperBound)
    remove(address)
    if order.count == Self.most { peers[order.removeFirst()] = nil }
    peers[address] = (times + 1, now + interval * intervals)
    order.append(address)
  }

  mutating func remove(_ address: Address) {
    guard peers.removeValue(forKey: address) != nil else { return }
    order.removeAll { $0 == address }
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
