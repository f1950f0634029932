import Participants
import Sockets

/// One TCP connection of the participant's: a socket and how it ends.
///
/// It is in the driver's table while the participant may hear of it. A connection that the
/// participant closes leaves the table at once, and its socket when what was written is delivered
/// and the remote side has closed, or after ``LiveDriver/lingerLimit``: closing a socket that still
/// holds unread bytes would reset it and lose what was written last.
final class Connection: StreamUser {
  let id: ConnectionID
  let socket: StreamSocket
  unowned let driver: LiveDriver
  /// Whether it comes from the port that the node listens on.
  var isBound = false
  private var awaitsDrain = false
  private var linger: Timer?
  /// While faults on the network disturb what comes from the other side.
  var hold: Hold?

  init(_ id: ConnectionID, _ socket: StreamSocket, on driver: LiveDriver) {
    self.id = id
    self.socket = socket
    self.driver = driver
    socket.user = self
  }

  /// Something has come from the other side. It waits where faults on the network want it.
  private func take(_ piece: Hold.Piece) {
    if let hold { hold.take(piece) } else { pass(piece) }
  }

  /// Passes on what has come.
  func pass(_ piece: Hold.Piece) {
    switch piece {
    case .dial: break
    case .connected: driver.deliver(.connected(id))
    case .stream(.bytes(let bytes)): driver.deliver(.received(id, bytes))
    case .stream(.end(let reason)): end(reason)
    }
  }

  /// Nothing is held back any more.
  func letGo() {
    hold?.cancel()
    hold = nil
    socket.setReading(true)
  }

  /// The connection is over, or never came about.
  func end(_ reason: CloseReason) {
    abandon()
    if driver.connections.removeValue(forKey: id) != nil {
      driver.deliver(.closed(id, reason))
    }
  }

  // MARK: - What the socket tells

  func connected(_ status: CInt, _ socket: StreamSocket) {
    guard driver.connections[id] != nil else { return }
    judge()
    guard status == 0 else { return take(.stream(.end(CloseReason(status)))) }
    socket.begin()
    take(.connected)
  }

  func received(_ piece: StreamSocket.Piece, on socket: StreamSocket) {
    // Whoever has closed it wants to know of the end alone.
    if linger != nil, case .bytes = piece { return }
    take(.stream(piece))
  }

  func sent(on socket: StreamSocket) { tellDrained() }

  /// The next read says what went wrong, behind what has come before.
  func broke(_ socket: StreamSocket) {}

  // MARK: - Writing

  func write(_ bytes: [UInt8]) {
    guard !socket.isClosed, linger == nil else { return }
    guard socket.waiting + bytes.count <= LiveDriver.backlogLimit else { return end(.backlogged) }
    socket.write(bytes)
    tellDrained()
  }

  /// Says once that nothing waits to be sent.
  func awaitDrain() {
    awaitsDrain = true
    tellDrained()
  }

  private func tellDrained() {
    guard awaitsDrain, socket.hasSentAll, driver.connections[id] != nil else { return }
    awaitsDrain = false
    driver.deliver(.drained(id))
  }

  // MARK: - The end

  /// The participant is done with it.
  func close() {
    driver.connections[id] = nil
    letGo()
    guard socket.isConnected, !socket.isClosed, linger == nil else { return abandon() }
    let timer = Timer(on: driver.loop) { [weak self] in self?.abandon() }
    timer.set(after: LiveDriver.lingerLimit)
    linger = timer
    socket.shutDown()
  }

  /// Closes the socket now.
  private func abandon() {
    linger?.cancel()
    linger = nil
    hold?.cancel()
    hold = nil
    socket.close()
  }
}
