import CUV
import Glibc
import LiveDriver
import Participants

/// The address of the relay's at which a node is known to all others.
///
/// A door is there as long as its node listens: who dials a node that is dead is refused, as by the
/// node's own system.
@safe final class Door {
  let node: String
  /// Where the node itself listens.
  let listening: Address
  let address: Address
  private unowned let relay: Relay
  let listener = UnsafeMutablePointer<uv_tcp_t>.allocate(capacity: 1)
  private let socket: DatagramSocket

  init(
    to node: String, listening: Address, at address: Address, of relay: Relay
  ) throws(NodeFailure) {
    self.node = node
    self.listening = listening
    self.address = address
    self.relay = relay
    socket = try DatagramSocket(at: address, of: relay)
    unsafe uv_tcp_init(relay.loop, listener)
    unsafe listener.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    socket.received = { [unowned self] bytes, source in received(bytes, from: source) }
    guard var socketAddress = SocketAddress(numeric: address) else {
      throw NodeFailure("\(address) is no numeric address")
    }
    let stream = unsafe UnsafeMutableRawPointer(listener).assumingMemoryBound(to: uv_stream_t.self)
    var result = unsafe socketAddress.withPointer { unsafe uv_tcp_bind(listener, $0, 0) }
    if result == 0 {
      result = unsafe uv_listen(stream, Relay.acceptQueue) { stream, status in
        guard status == 0, let data = unsafe stream?.pointee.data else { return }
        unsafe Unmanaged<Door>.fromOpaque(data).takeUnretainedValue().accept()
      }
    }
    guard result == 0 else {
      close()
      throw DatagramSocket.failure(address, result)
    }
  }

  private func accept() { RelayedStream.accept(from: self, of: relay) }

  private func received(_ bytes: [UInt8], from source: Address) {
    if let sender = relay.door(listeningAt: source) {
      relay.pass(
        bytes, along: relay.line(from: sender.node, to: node),
        by: Route(from: sender.socket, to: listening))
    } else if let flow = relay.flow(from: source, to: self) {
      relay.pass(
        bytes, along: relay.line(from: flow.node, to: node),
        by: Route(from: flow.socket, to: listening))
    }
  }

  /// What the node answers to a flow.
  func answer(_ bytes: [UInt8], to flow: Flow) {
    relay.pass(
      bytes, along: relay.line(from: node, to: flow.node), by: Route(from: socket, to: flow.source))
  }

  func close() {
    socket.close()
    let handle = unsafe UnsafeMutableRawPointer(listener).assumingMemoryBound(to: uv_handle_t.self)
    unsafe uv_close(handle) { handle in unsafe handle?.deallocate() }
  }
}
