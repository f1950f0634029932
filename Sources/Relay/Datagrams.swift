import CUV
import LiveDriver
import Participants

/// A UDP socket, as long as somebody holds it.
@safe final class DatagramSocket {
  private let handle = UnsafeMutablePointer<uv_udp_t>.allocate(capacity: 1)
  private var isClosed = false
  private(set) var address: Address
  var received: ([UInt8], Address) -> Void = { _, _ in }

  /// - Parameter address: the system chooses where it has port 0.
  /// - Throws: when the address cannot be bound.
  init(at address: Address, of relay: Relay) throws(NodeFailure) {
    self.address = address
    unsafe uv_udp_init(relay.loop, handle)
    unsafe handle.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    guard var socketAddress = SocketAddress(numeric: address) else {
      close()
      throw NodeFailure("\(address) is no numeric address")
    }
    var result = unsafe socketAddress.withPointer { unsafe uv_udp_bind(handle, $0, 0) }
    if result == 0 {
      result = unsafe uv_udp_recv_start(
        handle,
        { handle, _, buffer in
          guard let relay = unsafe Relay.of(handle?.pointee.loop) else { return }
          unsafe buffer?.pointee = uv_buf_init(relay.readBuffer, CUnsignedInt(Relay.readSize))
        },
        { handle, count, buffer, source, _ in
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
      throw Self.failure(address, result)
    }
    self.address =
      unsafe SocketAddress { unsafe uv_udp_getsockname(handle, $0, $1) }?.address ?? address
  }

  deinit { close() }

  static func failure(_ address: Address, _ result: CInt) -> NodeFailure {
    let why = unsafe String(cString: uv_strerror(result))
    return NodeFailure(
      "cannot listen on \(address): \(why)", isTaken: result == UV_EADDRINUSE.rawValue)
  }

  /// At once or not at all.
  func send(_ bytes: [UInt8], to address: Address) {
    guard !isClosed, var socketAddress = SocketAddress(numeric: address) else { return }
    unsafe bytes.withUnsafeBytes { bytes in
      let base = unsafe UnsafeMutableRawPointer(mutating: bytes.baseAddress)
      var buffer = unsafe uv_buf_init(
        base?.assumingMemoryBound(to: CChar.self), CUnsignedInt(bytes.count))
      unsafe socketAddress.withPointer { _ = unsafe uv_udp_try_send(handle, &buffer, 1, $0) }
    }
  }

  func close() {
    guard !isClosed else { return }
    isClosed = true
    let handle = unsafe UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)
    unsafe uv_close(handle) { handle in unsafe handle?.deallocate() }
  }
}

/// Where a datagram leaves from, and where it goes.
struct Route {
  let socket: DatagramSocket
  let target: Address

  init(from socket: DatagramSocket, to target: Address) {
    self.socket = socket
    self.target = target
  }

  func send(_ bytes: [UInt8]) { socket.send(bytes, to: target) }
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
