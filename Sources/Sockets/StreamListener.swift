import CUV
import Glibc

/// A TCP socket that takes connections, as long as somebody holds it.
@safe package final class StreamListener {
  /// Connections that may wait to be accepted.
  private static let queue: CInt = 1_024

  private let handle = UnsafeMutablePointer<uv_tcp_t>.allocate(capacity: 1)
  private unowned let loop: EventLoop
  private var isClosed = false
  private let accepted: (StreamSocket) -> Void

  /// Binds an address and listens there.
  ///
  /// - Parameters:
  ///   - address: the system chooses the port where it has 0.
  ///   - ipv6Only: whether one of `::` leaves IPv4 to others.
  ///   - refusal: what a failure says, but for its reason.
  ///   - accepted: gets every connection that comes, before anything of it was read.
  /// - Throws: why the address cannot be had.
  package init(
    at address: SocketAddress, ipv6Only: Bool = false, refusal: String, on loop: EventLoop,
    accepted: @escaping (StreamSocket) -> Void
  ) throws(NodeFailure) {
    self.loop = loop
    self.accepted = accepted
    unsafe uv_tcp_init(loop.pointer, handle)
    unsafe handle.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    var address = address
    let flags = ipv6Only ? CUnsignedInt(UV_TCP_IPV6ONLY.rawValue) : 0
    var result = unsafe address.withPointer { unsafe uv_tcp_bind(handle, $0, flags) }
    if result == 0 {
      result = unsafe uv_listen(stream, Self.queue) { stream, status in
        guard status == 0, let data = unsafe stream?.pointee.data else { return }
        unsafe Unmanaged<StreamListener>.fromOpaque(data).takeUnretainedValue().accept()
      }
    }
    guard result == 0 else {
      close()
      throw NodeFailure(refusal, code: result)
    }
  }

  deinit { close() }

  private var stream: UnsafeMutablePointer<uv_stream_t> {
    unsafe UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_stream_t.self)
  }

  /// Where it listens.
  package var address: SocketAddress? {
    unsafe SocketAddress { unsafe uv_tcp_getsockname(handle, $0, $1) }
  }

  private func accept() {
    let socket = StreamSocket(on: loop)
    guard unsafe uv_accept(stream, socket.stream) == 0 else { return socket.close() }
    accepted(socket)
  }

  /// Takes no more connections. Those that were taken stay.
  package func close() {
    guard !isClosed else { return }
    isClosed = true
    unsafe closeForGood(handle)
  }

  /// A socket for a connection that is to come from the address listened at.
  ///
  /// The listening socket allows it only now, and only to sockets that ask: nobody else can bind the
  /// port by mistake (`SO_REUSEPORT`, socket(7)).
  ///
  /// - Returns: `nil` where the system refuses it.
  func makeSibling() -> CInt? {
    guard var own = address else { return nil }
    var listening: uv_os_fd_t = -1
    _ = unsafe uv_fileno(anyHandle(handle), &listening)
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let sibling = socket(CInt(own.family), kind, 0)
    var on: CInt = 1
    let size = socklen_t(MemoryLayout<CInt>.size)
    unsafe setsockopt(listening, SOL_SOCKET, SO_REUSEPORT, &on, size)
    unsafe setsockopt(sibling, SOL_SOCKET, SO_REUSEPORT, &on, size)
    unsafe setsockopt(sibling, SOL_SOCKET, SO_REUSEADDR, &on, size)
    let length = own.length
    guard unsafe own.withPointer({ unsafe bind(sibling, $0, length) }) == 0 else {
      Glibc.close(sibling)
      return nil
    }
    return sibling
  }
}
