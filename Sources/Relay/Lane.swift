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
  private unowned let relay: Relay
  private let source: StreamEnd
  private let sink: StreamEnd
  private var pieces: ArraySlice<(due: Instant, piece: Piece)> = []
  private var bytes = 0
  private var lastDue = Instant(microseconds: 0)
  private var hasEnded = false
  private var timer: Timer?

  init(from source: StreamEnd, to sink: StreamEnd, of relay: Relay) {
    self.source = source
    self.sink = sink
    self.relay = relay
  }

  var isCut: Bool { line?.isCut ?? false }

  /// Takes what came, and passes it on when it is due.
  func take(_ piece: Piece) {
    var size = 0
    switch piece {
    case .bytes(let bytes): size = bytes.count
    case .end, .reset: hasEnded = true
    }
    bytes += size
    let now = relay.now
    lastDue = max(lastDue, line?.arrival(of: size, at: now, using: &relay.random) ?? now)
    pieces.append((due: lastDue, piece: piece))
    if isCut || lastDue > now { relay.countHeld() }
    pump()
  }

  /// Passes on what is due, as far as the faults and the other end let it.
  func pump() {
    while !isCut, sink.takesMore, let next = pieces.first, next.due <= relay.now {
      pieces.removeFirst()
      switch next.piece {
      case .bytes(let bytes):
        self.bytes -= bytes.count
        sink.write(bytes)
      case .end: sink.shutDown()
      case .reset: return isReset()
      }
    }
    source.setReading(!isCut && !hasEnded && bytes < Relay.streamLimit && sink.takesMoreLater)
    guard !isCut, let next = pieces.first, next.due > relay.now else { return }
    if timer == nil { timer = unsafe Timer(on: relay.loop) { [unowned self] in pump() } }
    timer?.set(after: next.due - relay.now)
  }

  /// Nothing that waits will be passed on.
  func cancel() {
    pieces = []
    timer?.cancel()
    timer = nil
  }
}
