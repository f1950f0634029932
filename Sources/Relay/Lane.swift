import Faults
import Participants
import Sockets

/// One direction of a relayed connection: what comes at one end leaves at the other, in time.
final class Lane {
  /// Bytes that may wait, each way, before no more is read.
  private static let limit = 4 * 1024 * 1024
  /// What each piece takes beside its bytes, about.
  private static let overhead = 128

  var line: Line?
  /// The connection was reset.
  var wasReset: () -> Void = {}
  private unowned let relay: Relay
  var source: StreamSocket
  var sink: StreamSocket
  private lazy var queue = DueQueue<StreamSocket.Piece>(on: relay.loop) { [unowned self] in pump() }
  /// What waits, in bytes.
  private var size = 0
  private var lastDue = Instant(microseconds: 0)
  private var hasEnded = false
  /// Whether something came that a loss or a limited bandwidth may hold up.
  private var isSlowed = false

  init(from source: StreamSocket, to sink: StreamSocket, of relay: Relay) {
    self.source = source
    self.sink = sink
    self.relay = relay
  }

  var isCut: Bool { line?.disturbance.isCut ?? false }

  /// Takes what came, and passes it on when it is due.
  func take(_ piece: StreamSocket.Piece) {
    var count = 0
    switch piece {
    case .bytes(let bytes): count = bytes.count
    case .end: hasEnded = true
    }
    size += count + Self.overhead
    let now = relay.now
    if let line, line.disturbance.longestWait == nil { isSlowed = true }
    lastDue = max(lastDue, line?.arrival(of: count, at: now, using: &relay.random) ?? now)
    queue.add(piece, due: lastDue)
    if isCut || lastDue > now { relay.countHeld() }
    pump()
  }

  /// Passes on what is due, as far as the faults and the other end let it.
  func pump() {
    // One moment for all: what becomes due on the way waits for the timer.
    let now = relay.now
    while !isCut, sink.isConnected, sinkTakesMore, let next = queue.first, next.due <= now {
      queue.removeFirst()
      size -= Self.overhead
      switch next.element {
      case .bytes(let bytes):
        size -= bytes.count
        sink.write(bytes)
      case .end(.ended): sink.shutDown()
      case .end: return wasReset()
      }
    }
    source.setReading(!isCut && !hasEnded && size < Self.limit && sinkTakesMore)
    if !isCut, let next = queue.first, next.due > now { queue.wait() }
  }

  private var sinkTakesMore: Bool { sink.waiting < Self.limit }

  /// Faults began or ended.
  func rulesChanged() {
    if isSlowed, let wait = line.map({ $0.disturbance.longestWait }) ?? .zero {
      isSlowed = false
      let latest = relay.now + wait
      queue.hasten(to: latest)
      lastDue = min(lastDue, latest)
    }
    pump()
  }

  /// Nothing that waits will be passed on.
  func cancel() { queue.cancel() }
}
