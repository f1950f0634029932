import CUV
import LiveDriver
import Participants

/// A UDP socket, as long as somebody holds it.
@safe final class DatagramSocket {
  private let handle = UnsafeMutablePointer<uv_udp_t>.allocate(capacity: 1)
  private var isClosed = false
  var received: ([UInt8], Address) -> Void = { _, _ in }

  /// - Throws: when the address cannot be bound.
  init(at address: Address, of relay: Relay) throws(NodeFailure) {
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
  }

  deinit { close() }

  static func failure(_ address: Address, _ result: CInt) -> NodeFailure {
    let why = unsafe String(cString: uv_strerror(result))
    return NodeFailure("cannot listen on \(address): \(why)")
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

/// What a client sends to a door from an address where no node listens: the node sees it come from an
/// address of the relay's, and what it answers there goes back to the client.
final class Flow {
  /// Where the relay's addresses for flows are.
  private static let host = "127.103.0.1"

  /// Whose client it is; `nil` if nobody knows.
  let node: String?
  let source: Address
  let door: Door
  let socket: DatagramSocket
  fileprivate var lastUsed = Instant(microseconds: 0)

  init(
    from node: String?, at source: Address, to door: Door, of relay: Relay
  ) throws(NodeFailure) {
    self.node = node
    self.source = source
    self.door = door
    socket = try DatagramSocket(at: Address(host: Self.host, port: 0), of: relay)
    socket.received = { [unowned self] bytes, from in
      if from == door.listening { door.answer(bytes, to: self) }
    }
  }
}

/// The flows that were used last.
struct Flows {
  static let most = 1_024
  /// After such a silence the address may be somebody else's.
  private static let longestSilence = Microseconds.seconds(30)

  private struct Ends: Hashable {
    var source: Address
    var door: String
  }

  private var flows: [Ends: Flow] = [:]

  mutating func use(from source: Address, to door: Door, at now: Instant) -> Flow? {
    let ends = Ends(source: source, door: door.node)
    guard let flow = flows[ends], now - flow.lastUsed < Self.longestSilence else { return nil }
    flow.lastUsed = now
    return flow
  }

  mutating func add(_ flow: Flow, at now: Instant) {
    flow.lastUsed = now
    let ends = Ends(source: flow.source, door: flow.door.node)
    if flows.count >= Self.most, flows[ends] == nil,
      let oldest = flows.min(by: { $0.value.lastUsed < $1.value.lastUsed })
    {
      flows[oldest.key] = nil
    }
    flows[ends] = flow
  }

  /// A node has ended: its clients are gone, and so is its door.
  mutating func remove(of node: String) {
    flows = flows.filter { $0.value.node != node && $0.value.door.node != node }
  }
}
