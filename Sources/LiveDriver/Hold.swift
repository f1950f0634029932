import Faults
import Participants
import Sockets

/// What has come on a connection, or is to be dialled, and waits because faults on the network are on
/// between its two nodes. It is there as long as they are, or something waits.
///
/// The node that receives holds a stream back: what its remote side sent before it died, and its end,
/// wait with it, as they would on the way.
final class Hold {
  enum Piece {
    case dial(SocketAddress, attempt: Int)
    case connected
    case stream(StreamSocket.Piece)

    var isDial: Bool { if case .dial = self { true } else { false } }
  }

  /// Bytes that may wait before no more is read.
  private static let limit = 4 * 1024 * 1024

  /// Where the other node listens.
  let remote: Address
  private unowned let connection: Connection
  private unowned let driver: LiveDriver
  private let queue: DueQueue<Piece>
  private var bytes = 0
  private var lastDue = Instant(microseconds: 0)
  private var hasEnded = false
  /// Whether something came that a loss or a limited bandwidth may hold up.
  private var isSlowed = false

  init(_ connection: Connection, to remote: Address, on driver: LiveDriver) {
    self.connection = connection
    self.remote = remote
    self.driver = driver
    queue = DueQueue(on: driver.loop) { [unowned connection] in connection.hold?.release() }
  }

  /// Dials when the attempt has come to the other side.
  func dial(_ address: SocketAddress) {
    let latency = driver.lines(to: remote)?.outbound.disturbance.latency ?? .zero
    append(.dial(address, attempt: 1), due: driver.now + latency)
  }

  /// Takes what comes, and passes it on in time.
  func take(_ piece: Piece) {
    let now = driver.now
    var due = now
    let inbound = driver.lines(to: remote)?.inbound.disturbance
    if let inbound, inbound.longestWait == nil { isSlowed = true }
    switch piece {
    case .dial: break
    case .connected: due = now + (inbound?.latency ?? .zero)
    case .stream(.bytes(let bytes)):
      self.bytes += bytes.count
      due = driver.arrival(of: bytes.count, from: remote, at: now)
    case .stream(.end):
      hasEnded = true
      due = driver.arrival(of: 0, from: remote, at: now)
    }
    append(piece, due: due)
  }

  private func append(_ piece: Piece, due: Instant) {
    lastDue = max(lastDue, due)
    queue.add(piece, due: lastDue)
    release()
  }

  /// Faults began or ended.
  func rulesChanged() {
    let lines = driver.lines(to: remote)
    if isSlowed, let wait = lines.map({ $0.inbound.disturbance.longestWait }) ?? .zero {
      isSlowed = false
      let latest = driver.now + wait
      // A dial's attempts have times of their own.
      queue.hasten(to: latest) { !$0.isDial }
      lastDue = min(lastDue, latest)
    }
    release()
  }

  /// Passes on what is due, as far as the faults that are on now let it.
  func release() {
    let lines = driver.lines(to: remote)
    let isCut = lines?.inbound.disturbance.isCut ?? false
    while let next = queue.first, next.due <= driver.now {
      if case .dial(let address, let attempt) = next.element {
        queue.removeFirst()
        dial(address, attempt, isCut: isCut || lines?.outbound.disturbance.isCut ?? false)
        continue
      }
      if isCut { break }
      queue.removeFirst()
      pass(next.element)
      // The participant may have closed the connection.
      guard connection.hold === self else { return }
    }
    if queue.isEmpty, lines == nil, !hasEnded {
      connection.letGo()
    } else {
      connection.socket.setReading(!isCut && !hasEnded && bytes < Self.limit)
      wait(isCut: isCut)
    }
  }

  private func wait(isCut: Bool) {
    guard let next = queue.first else { return }
    driver.countHeld()
    if next.element.isDial || !isCut { queue.wait() }
  }

  private func dial(_ address: SocketAddress, _ attempt: Int, isCut: Bool) {
    guard isCut else { return driver.connect(connection, to: address) }
    if let wait = DialAttempts.wait(after: attempt) {
      lastDue = driver.now + wait
      queue.add(.dial(address, attempt: attempt + 1), due: lastDue)
    } else {
      connection.end(.unreachable)
    }
  }

  private func pass(_ piece: Piece) {
    if case .stream(.bytes(let bytes)) = piece { self.bytes -= bytes.count }
    connection.pass(piece)
  }

  /// Nothing that waits will be passed on.
  func cancel() { queue.cancel() }
}
