import Participants
import Sockets

/// Where a datagram leaves from, and where it goes.
struct Route {
  let socket: DatagramSocket
  let target: Address

  func send(_ bytes: [UInt8]) {
    if let target = SocketAddress(numeric: target) { socket.send(bytes, to: target) }
  }
}

/// A UDP socket of a node's as others see it: what they send to the relay's socket goes to the node's,
/// and what the node sends from its own leaves from the relay's.
final class DatagramEnd {
  /// Whose it is; `nil` if nobody knows.
  fileprivate(set) var node: String?
  /// Where the node's own socket is.
  let inside: Address
  let socket: DatagramSocket
  fileprivate var lastUsed = Instant(microseconds: 0)

  init(of node: String?, at inside: Address, by socket: DatagramSocket, of relay: Relay) {
    self.node = node
    self.inside = inside
    self.socket = socket
    // A datagram that is delayed may keep the socket for longer.
    socket.received = { [weak self, unowned relay] bytes, source in
      if let self { relay.pass(bytes, from: source, to: self) }
    }
  }
}

/// The sockets that were used last of those that send from where no node listens.
struct DatagramClients {
  static let most = 1_024
  /// After such a silence the address may be somebody else's.
  private static let longestSilence = Microseconds.seconds(30)

  private var ends: [Address: DatagramEnd] = [:]

  /// - Parameter owner: asks whose the socket there is.
  mutating func use(
    from source: Address, at now: Instant, owner: () -> String?
  ) -> DatagramEnd? {
    guard let end = ends[source] else { return nil }
    if now - end.lastUsed > Self.longestSilence, owner() != end.node { return nil }
    end.lastUsed = now
    return end
  }

  mutating func add(_ end: DatagramEnd, at now: Instant) {
    end.lastUsed = now
    if ends.count >= Self.most, ends[end.inside] == nil,
      let oldest = ends.min(by: { $0.value.lastUsed < $1.value.lastUsed })
    {
      ends[oldest.key] = nil
    }
    ends[end.inside] = end
  }

  /// A node has ended, and its clients with it.
  mutating func remove(of node: String) { ends = ends.filter { $0.value.node != node } }

  /// Gives up the relay's socket at that address, for a door.
  mutating func takeSocket(at address: Address) -> DatagramSocket? {
    guard let end = ends.values.first(where: { $0.socket.address == address }) else { return nil }
    ends[end.inside] = nil
    return end.socket
  }

  /// Asks again for those of which nobody knew whose they are: it may have been too early to see.
  func name(_ owner: (DatagramEnd) -> String?) {
    for end in ends.values where end.node == nil { end.node = owner(end) }
  }
}
