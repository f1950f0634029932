import CUV
import Faults
import Participants
import Sockets

/// A connection from one node to another through the relay: the one that was accepted at a door, and
/// the one that the relay dials on.
///
/// Its dialler's system has answered the dial by itself, so a dial into a partition gives a connection
/// on which nothing comes.
final class RelayedStream: StreamUser {
  private unowned let relay: Relay
  private let door: Door
  /// The dialling node; `nil` while nobody knows.
  private var dialler: String?
  private let source: Address
  /// What others see of the dialler, even if it has ended when the faults let the dial on.
  private var host: String?
  private let near: StreamSocket
  private var far: StreamSocket
  private let forth: Lane
  private let back: Lane
  private var isDialled = false
  /// When the dial has come to the other side.
  private let dialDue: Instant
  private var timer: Timer?
  private var isOver = false

  /// Takes a connection that has come to a door.
  static func accept(_ near: StreamSocket, at door: Door, of relay: Relay) {
    guard let source = near.peer else { return near.close() }
    let stream = RelayedStream(near, from: source, at: door, of: relay)
    relay.add(stream)
    near.begin()
    stream.dial()
  }

  private init(_ near: StreamSocket, from source: Address, at door: Door, of relay: Relay) {
    self.relay = relay
    self.door = door
    self.near = near
    self.source = source
    far = StreamSocket(on: relay.loop)
    dialler = relay.sender(from: source, to: door.address, by: .stream)
    host = relay.host(of: dialler)
    forth = Lane(from: near, to: far, of: relay)
    back = Lane(from: far, to: near, of: relay)
    (forth.line, back.line) = relay.lines(between: dialler, and: door.node)
    dialDue = relay.now + (forth.line?.disturbance.latency ?? .zero)
    near.user = self
    far.user = self
    for lane in [forth, back] { lane.wasReset = { [unowned self] in reset() } }
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
      if timer == nil { timer = Timer(on: relay.loop) { [unowned self] in dial() } }
      timer?.set(after: dialDue - relay.now)
      return
    }
    isDialled = true
    connect()
  }

  /// From the dialler's host as others see it, where it is known; from its listening port, where it
  /// dials from that itself.
  private func connect(isFromAnyPort: Bool = false) {
    guard let target = SocketAddress(numeric: door.listening) else { return reset() }
    let listener = isFromAnyPort ? nil : relay.door(listeningAt: source)?.listener
    let isBound = listener.map { far.bind(as: $0) } ?? false
    // Where the system refuses it, it comes from anywhere.
    if !isBound, let host, let own = SocketAddress(numeric: Address(host: host, port: 0)) {
      far.bind(to: own)
    }
    let result = far.connect(to: target)
    guard result != 0 else { return }
    if result == UV_EADDRNOTAVAIL.rawValue, isBound {
      // The last connection between these two ports is not forgotten yet.
      far.close()
      far = StreamSocket(on: relay.loop)
      far.user = self
      (forth.sink, back.source) = (far, far)
      connect(isFromAnyPort: true)
    } else {
      connected(result, far)
    }
  }

  // MARK: - What the ends tell

  func connected(_ status: CInt, _ socket: StreamSocket) {
    if [UV_EMFILE, UV_ENFILE].contains(where: { $0.rawValue == status }) {
      relay.fail(NodeFailure("no descriptor is left for a connection: see 'ulimit -Hn'"))
    }
    guard status == 0 else { return reset() }
    far.begin()
    forth.pump()
  }

  func received(_ piece: StreamSocket.Piece, on socket: StreamSocket) {
    (socket === near ? forth : back).take(piece)
  }

  func sent(on socket: StreamSocket) {
    (socket === near ? back : forth).pump()
    closeIfDone()
  }

  /// Where nothing more is read, as after the other side's end, this alone tells of it: the other half
  /// is to be reset too, behind what has come before.
  func broke(_ socket: StreamSocket) { received(.end(.reset), on: socket) }

  // MARK: - The end

  private func closeIfDone() {
    if near.isShut, far.isShut { end { $0.close() } }
  }

  /// One end is gone for good, or cannot be reached.
  private func reset() { end { $0.reset() } }

  private func end(_ how: (StreamSocket) -> Void) {
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
