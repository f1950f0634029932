import CUV
import Faults
import Glibc
import LiveDriver
import Participants

/// A connection from one node to another through the relay: the one that was accepted at a door, and
/// the one that the relay dials on.
///
/// Its dialler's system has answered the dial by itself, so a dial into a partition gives a connection
/// on which nothing comes.
@safe final class RelayedStream {
  private unowned let relay: Relay
  private let door: Door
  /// The dialling node; `nil` while nobody knows.
  private var dialler: String?
  private let source: Address
  /// What others see of the dialler, even if it has ended when the faults let the dial on.
  private var host: String?
  private let near: StreamEnd
  private var far: StreamEnd
  private let forth: Lane
  private let back: Lane
  private var isDialled = false
  /// When the dial has come to the other side.
  private let dialDue: Instant
  private var timer: Timer?
  private var isOver = false

  /// Takes a connection that waits at a door.
  static func accept(from door: Door, of relay: Relay) {
    let near = StreamEnd(of: relay)
    let listener = unsafe UnsafeMutableRawPointer(door.listener)
      .assumingMemoryBound(to: uv_stream_t.self)
    guard unsafe uv_accept(listener, near.stream) == 0,
      let source = unsafe SocketAddress({ unsafe uv_tcp_getpeername(near.handle, $0, $1) })?.address
    else { return near.close() }
    let stream = RelayedStream(near, from: source, at: door, of: relay)
    relay.add(stream)
    near.begin()
    stream.dial()
  }

  private init(_ near: StreamEnd, from source: Address, at door: Door, of relay: Relay) {
    self.relay = relay
    self.door = door
    self.near = near
    self.source = source
    far = StreamEnd(of: relay)
    dialler = relay.sender(from: source, to: door.address, by: .stream)
    host = relay.host(of: dialler)
    forth = Lane(from: near, to: far, of: relay)
    back = Lane(from: far, to: near, of: relay)
    (forth.line, back.line) = relay.lines(between: dialler, and: door.node)
    dialDue = relay.now + (forth.line?.disturbance.latency ?? .zero)
    connectLanes()
  }

  private func connectLanes() {
    for (end, lane) in [(near, forth), (far, back)] {
      end.arrived = { [unowned lane] piece in lane.take(piece) }
      end.drained = { [weak self] in
        guard let self else { return }
        (end === near ? back : forth).pump()
        closeIfDone()
      }
      lane.isReset = { [unowned self] in reset() }
    }
  }

  /// Faults began or ended.
  func rulesChanged() {
    if dialler == nil {
      // It may have been too early to see.
      dialler = relay.sender(from: source, to: door.address, by: .stream)
      host = relay.host(of: dialler)
      (forth.line, back.line) = relay.lines(between: dialler, and: door.node)
    }
    dial()
    forth.rulesChanged()
    back.rulesChanged()
  }

  // MARK: - The other half

  /// Dials on as soon as the faults let it.
  private func dial() {
    guard !isDialled, !isOver else { return }
    if forth.isCut || back.isCut {
      relay.countHeld()
      return
    }
    guard dialDue <= relay.now else {
      relay.countHeld()
      if timer == nil { timer = unsafe Timer(on: relay.loop) { [unowned self] in dial() } }
      timer?.set(after: dialDue - relay.now)
      return
    }
    isDialled = true
    connect()
  }

  /// From the dialler's host as others see it, where it is known; from its listening port, where it
  /// dials from that itself.
  private func connect(isFromAnyPort: Bool = false) {
    guard var target = SocketAddress(numeric: door.listening) else { return reset() }
    let listener = isFromAnyPort ? nil : relay.door(listeningAt: source)
    let isBound = listener.map { unsafe LiveDriver.bind(far.handle, as: $0.listener) } ?? false
    if !isBound, let host,
      var own = SocketAddress(numeric: Address(host: host, port: 0))
    {
      // Without effect where the system refuses it: then it comes from anywhere.
      _ = unsafe own.withPointer { unsafe uv_tcp_bind(far.handle, $0, 0) }
    }
    let request = UnsafeMutablePointer<uv_connect_t>.allocate(capacity: 1)
    unsafe request.pointee.data = Unmanaged.passRetained(self).toOpaque()
    let result = unsafe target.withPointer {
      unsafe uv_tcp_connect(request, far.handle, $0) { request, status in
        guard let data = unsafe request?.pointee.data else { return }
        let stream = unsafe Unmanaged<RelayedStream>.fromOpaque(data).takeRetainedValue()
        unsafe request?.deallocate()
        stream.connected(status)
      }
    }
    guard result != 0 else { return }
    unsafe Unmanaged.passUnretained(self).release()
    unsafe request.deallocate()
    if result == UV_EADDRNOTAVAIL.rawValue, isBound {
      // The last connection between these two ports is not forgotten yet.
      far.close()
      far = StreamEnd(of: relay)
      (forth.sink, back.source) = (far, far)
      connectLanes()
      connect(isFromAnyPort: true)
    } else {
      connected(result)
    }
  }

  private func connected(_ status: CInt) {
    guard !isOver else { return }
    if [UV_EMFILE, UV_ENFILE].contains(where: { $0.rawValue == status }) {
      relay.fail(NodeFailure("no descriptor is left for a connection: see 'ulimit -Hn'"))
    }
    guard status == 0 else { return reset() }
    far.begin()
    forth.pump()
  }

  // MARK: - The end

  private func closeIfDone() {
    if near.isShut, far.isShut { end { $0.close() } }
  }

  /// One end is gone for good, or cannot be reached.
  private func reset() { end { $0.reset() } }

  private func end(_ how: (StreamEnd) -> Void) {
    guard !isOver else { return }
    isOver = true
    timer?.cancel()
    forth.cancel()
    back.cancel()
    how(near)
    how(far)
    relay.remove(self)
  }
}
