import CUV
package import Participants

/// A UDP socket, as long as somebody holds it.
@safe package final class DatagramSocket {
  private let handle = UnsafeMutablePointer<uv_udp_t>.allocate(capacity: 1)
  private var isClosed = false
  /// Where it receives.
  package private(set) var address: Address
  /// Gets every datagram that comes, and where it came from.
  package var received: ([UInt8], Address) -> Void = { _, _ in }

  /// Binds an address and receives there.
  ///
  /// - Parameters:
  ///   - address: the system chooses the port where it has 0.
  ///   - ipv6Only: whether one of `::` leaves IPv4 to others.
  ///   - refusal: what a failure says, but for its reason.
  /// - Throws: why the address cannot be had.
  package init(
    at address: SocketAddress, ipv6Only: Bool = false, refusal: String, on loop: EventLoop
  ) throws(NodeFailure) {
    self.address = Address(host: "", port: 0)
    unsafe uv_udp_init(loop.pointer, handle)
    unsafe handle.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    var address = address
    let flags = ipv6Only ? CUnsignedInt(UV_UDP_IPV6ONLY.rawValue) : 0
    var result = unsafe address.withPointer { unsafe uv_udp_bind(handle, $0, flags) }
    if result == 0 {
      result = unsafe uv_udp_recv_start(
        handle, EventLoop.allocate,
        { handle, count, buffer, source, _ in
          // A count of 0 without a source: there was nothing to read after all.
          guard count >= 0, let data = unsafe handle?.pointee.data, let source = unsafe source,
            let from = unsafe SocketAddress(source)?.address
          else { return }
          let socket = unsafe Unmanaged<DatagramSocket>.fromOpaque(data).takeUnretainedValue()
          let bytes = unsafe UnsafeRawBufferPointer(start: buffer?.pointee.base, count: count)
          unsafe socket.received(Array(bytes), from)
        })
    }
    guard result == 0 else {
      close()
      throw NodeFailure(refusal, code: result)
    }
    if let bound = unsafe SocketAddress({ unsafe uv_udp_getsockname(handle, $0, $1) })?.address {
      self.address = bound
    }
  }

  deinit { close() }

  /// Sends at once or not at all: a datagram that does not fit into the socket's buffer is lost, as
  /// it may be anywhere on its way.
  package func send(_ datagram: [UInt8], to address: SocketAddress) {
    guard !isClosed else { return }
    var address = address
    unsafe datagram.withUnsafeBytes { bytes in
      let base = unsafe UnsafeMutableRawPointer(mutating: bytes.baseAddress)
      var buffer = unsafe uv_buf_init(
        base?.assumingMemoryBound(to: CChar.self), CUnsignedInt(bytes.count))
      unsafe address.withPointer { _ = unsafe uv_udp_try_send(handle, &buffer, 1, $0) }
    }
  }

  /// Receives and sends no more.
  package func close() {
    guard !isClosed else { return }
    isClosed = true
    unsafe closeForGood(handle)
  }
}
