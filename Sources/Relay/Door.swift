import Participants
import Sockets

/// The address of the relay's at which a node is known to all others.
///
/// A door is there as long as its node listens: who dials a node that is dead is refused, as by the
/// node's own system.
final class Door {
  let node: String
  /// Where the node itself listens.
  let listening: Address
  let address: Address
  let datagrams: DatagramEnd
  let listener: StreamListener

  /// - Parameters:
  ///   - socket: the relay's at that address; `nil` for a new one.
  ///   - accepted: gets every connection that comes to the door.
  /// - Throws: why the address cannot be had.
  init(
    to node: String, listening: Address, at address: Address, by socket: DatagramSocket?,
    of relay: Relay, accepted: @escaping (StreamSocket) -> Void
  ) throws(NodeFailure) {
    self.node = node
    self.listening = listening
    self.address = address
    let socket = if let socket { socket } else { try DatagramSocket(at: address, on: relay.loop) }
    datagrams = DatagramEnd(of: node, at: listening, by: socket, of: relay)
    listener = try StreamListener(
      at: DatagramSocket.numeric(address), refusal: "cannot listen on \(address)", on: relay.loop,
      accepted: accepted)
  }

  func close() {
    datagrams.socket.close()
    listener.close()
  }
}

extension DatagramSocket {
  /// One of the relay's.
  ///
  /// - Throws: when the address cannot be bound.
  convenience init(at address: Address, on loop: EventLoop) throws(NodeFailure) {
    try self.init(
      at: Self.numeric(address), refusal: "cannot listen on \(address)", on: loop)
  }

  fileprivate static func numeric(_ address: Address) throws(NodeFailure) -> SocketAddress {
    guard let numeric = SocketAddress(numeric: address) else {
      throw NodeFailure("\(address) is no numeric address")
    }
    return numeric
  }
}
