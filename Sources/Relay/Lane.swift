import Faults
import LiveDriver
import Participants

/// One direction of a relayed connection: what comes at one end leaves at the other, in time.
final class Lane {
  enum Piece {
    case bytes([UInt8])
    /// Nothing more comes.
    case end
    /// The connection was reset.
    case reset
  }

  var line: Line?
  var isReset: () -> Void = {}
  /// What each piece takes beside its bytes, about.
  private static let overhead = 128

  private unowned let relay: Relay
  var source: StreamEnd
  var sink: StreamEnd
  private var pieces: ArraySlice<(due: Instant, piece: Piece)> = []
  /// What waits, in bytes.
  private var size = 0
  private var lastDue = Instant(microseconds: 0)
  private var hasEnded = false
  /// Whether something came that a loss or a limited bandwidth may hold up.
  private var isSlowed = false
  private var timer: Timer?

  init(from source: StreamEnd, to sink: StreamEnd, of relay: Relay) {
    self.source = source
    self.sink = sink
    self.relay = relay
  }

  var isCut: Bool { line?.disturbance.isCut ?? false }

  /// Takes what came, and passes it on when it is due.
  func take(_ piece: Piece) {
    var count = 0
    switch piece {
    case .bytes(let bytes): count = bytes.count
    case .end, .reset: hasEnded = true
    }
    size += count + Self.overhead
    let now = relay.now
    if let line, line.disturbance.longestWait == nil { isSlowed = true }
    lastDue = max(lastDue, line?.arrival(of: count, at: now, using: &relay.random) ?? now)
    pieces.append((due: lastDue, piece: piece))
    if isCut || lastDue > now { relay.countHeld() }
    pump()
  }

  /// Passes on what is due, as far as the faults and the other end let it.
  func pump() {
    // One moment for all: what becomes due on the way waits for the timer.
    let now = relay.now
    while !isCut, sink.takesMore, let next = pieces.first, next.due <= now {
      pieces.removeFirst()
      size -= Self.overhead
      switch next.piece {
      case .bytes(let bytes):
        size -= bytes.count
        sink.write(bytes)
      case .end: sink.shutDown()
      case .reset: return isReset()
      }
    }
    // A slice keeps what was taken from its front until it is replaced.
    if pieces.isEmpty { pieces = [] }
    source.setReading(!isCut && !hasEnded && size < Relay.streamLimit && sink.takesMoreLater)
    guard !isCut, let next = pieces.first, next.due > now else { return }
    if timer == nil { timer = unsafe Timer(on: relay.loop) { [unowned self] in pump() } }
    timer?.set(after: next.due - now)
  }

  /// Faults began or ended.
  func rulesChanged() {
    if isSlowed, let wait = line.map({ $0.disturbance.longestWait }) ?? .zero {
      isSlowed = false
      let latest = relay.now + wait
      for index in pieces.indices { pieces[index].due = min(pieces[index].due, latest) }
      lastDue = min(lastDue, latest)
    }
    pump()
  }

  /// Nothing that waits will be passed on.
  func cancel() {
    pieces = []
    timer?.cancel()
    timer = nil
  }
}
