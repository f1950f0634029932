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
  let datagrams: DatagramEnd

  /// - Parameter socket: the relay's at that address; `nil` for a new one.
  init(
    to node: String, listening: Address, at address: Address, by socket: DatagramSocket?,
    of relay: Relay
  ) throws(NodeFailure) {
    self.node = node
    self.listening = listening
    self.address = address
    self.relay = relay
    let socket = if let socket { socket } else { try DatagramSocket(at: address, of: relay) }
    datagrams = DatagramEnd(of: node, at: listening, by: socket, of: relay)
    unsafe uv_tcp_init(relay.loop, listener)
    unsafe listener.pointee.data = Unmanaged.passUnretained(self).toOpaque()
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

  func close() {
    datagrams.socket.close()
    let handle = unsafe UnsafeMutableRawPointer(listener).assumingMemoryBound(to: uv_handle_t.self)
    unsafe uv_close(handle) { handle in unsafe handle?.deallocate() }
  }
}
