import CUV
import Glibc
import Participants

/// One TCP connection: a libuv handle and how it ends.
///
/// It is in the driver's table while the participant may hear of it. A connection that the
/// participant closes leaves the table at once, and its socket when what was written is delivered
/// and the remote side has closed, or after ``LiveDriver/lingerLimit``: closing a socket that still
/// holds unread bytes would reset it and lose what was written last.
@safe final class Connection {
  let id: ConnectionID
  let handle = UnsafeMutablePointer<uv_tcp_t>.allocate(capacity: 1)
  private unowned let driver: LiveDriver
  private var isConnected = false
  /// Whether the last read filled the buffer: then the next is likely to be long.
  private var isBulk = false
  /// Whether it comes from the port that the node listens on.
  var isBound = false
  private var backlog = Backlog()
  /// Whether libuv has bytes to send, and will say when they have left.
  private var isBlocked = false
  private var awaitsDrain = false
  private var linger: Timer?
  private var isReading = false
  /// While faults on the network disturb what comes from the other side.
  var hold: Hold?

  init(_ id: ConnectionID, on driver: LiveDriver) {
    self.id = id
    self.driver = driver
    unsafe uv_tcp_init(driver.loop, handle)
    // Released when the handle is closed.
    unsafe handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
  }

  deinit { unsafe handle.deallocate() }

  static func of(_ data: UnsafeMutableRawPointer?) -> Connection? {
    guard let data = unsafe data else { return nil }
    return unsafe Unmanaged<Connection>.fromOpaque(data).takeUnretainedValue()
  }

  var stream: UnsafeMutablePointer<uv_stream_t> {
    unsafe UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_stream_t.self)
  }

  private var isClosing: Bool {
    unsafe uv_is_closing(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self))
      != 0
  }

  /// The connection is there: starts reading.
  ///
  /// libuv only says when there is something to read (it calls back without a buffer where it is
  /// given none): what is read then goes straight into the array that the participant gets.
  func begin() {
    isConnected = true
    unsafe uv_tcp_nodelay(handle, 1)
    setReading(true)
  }

  /// Without effect before the connection is there.
  func setReading(_ on: Bool) {
    guard isConnected, !isClosing, on != isReading else { return }
    isReading = on
    if on {
      unsafe uv_read_start(
        stream, { _, _, buffer in unsafe buffer?.pointee = uv_buf_init(nil, 0) },
        { handle, _, _ in unsafe Connection.of(handle?.pointee.data)?.read() })
    } else {
      unsafe uv_read_stop(stream)
    }
  }

  /// Takes what there is, up to a few reads at once, so that others have their turn.
  private func read() {
    var descriptor: uv_os_fd_t = -1
    _ = unsafe handle.withMemoryRebound(to: uv_handle_t.self, capacity: 1) {
      unsafe uv_fileno($0, &descriptor)
    }
    for _ in 0..<LiveDriver.readsAtOnce {
      guard isReading, !isClosing else { return }
      let limit = isBulk ? LiveDriver.bulkReadSize : LiveDriver.readSize
      let (bytes, count) = isBulk ? readInto(descriptor, limit) : readCopying(descriptor, limit)
      if count == 0 { return arrived(.end(.ended)) }
      if count < 0 {
        if errno == EAGAIN || errno == EINTR { return }
        return arrived(.end(CloseReason(-errno)))
      }
      isBulk = count >= LiveDriver.readSize
      if linger == nil { arrived(.bytes(bytes)) }
      if count < limit { return }
    }
  }

  /// A little usually comes: it is copied into an array of its size.
  private func readCopying(_ descriptor: CInt, _ limit: Int) -> (bytes: [UInt8], count: Int) {
    let count = unsafe recv(descriptor, driver.readBuffer, limit, 0)
    return unsafe (
      Array(UnsafeRawBufferPointer(start: driver.readBuffer, count: max(0, count))), count
    )
  }

  /// When much comes, it goes into an array without being copied.
  private func readInto(_ descriptor: CInt, _ limit: Int) -> (bytes: [UInt8], count: Int) {
    var count = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, initialized in
      count = unsafe recv(descriptor, buffer.baseAddress, limit, 0)
      initialized = max(0, count)
    }
    return (bytes, count)
  }

  /// Something has come from the other side. It waits where faults on the network want it.
  func arrived(_ piece: Hold.Piece) {
    if let hold { hold.take(piece) } else { pass(piece) }
  }

  /// Passes on what has come.
  func pass(_ piece: Hold.Piece) {
    switch piece {
    case .dial: break
    case .connected: driver.deliver(.connected(id))
    case .bytes(let bytes): driver.deliver(.received(id, bytes))
    case .end(let reason): end(reason)
    }
  }

  /// Nothing is held back any more.
  func letGo() {
    hold?.cancel()
    hold = nil
    setReading(true)
  }

  /// The connection is over, or never came about.
  func end(_ reason: CloseReason) {
    abandon()
    if driver.connections.removeValue(forKey: id) != nil {
      driver.deliver(.closed(id, reason))
    }
  }

  // MARK: - Writing

  func write(_ bytes: [UInt8]) {
    guard !isClosing, linger == nil else { return }
    guard backlog.count + bytes.count <= LiveDriver.backlogLimit else { return end(.backlogged) }
    backlog.append(bytes)
    if !isBlocked { sendBacklog() }
  }

  /// Says once that nothing waits to be sent.
  func awaitDrain() {
    awaitsDrain = true
    if !isBlocked { hasSentAll() }
  }

  /// Hands the system what it takes. When it takes no more, libuv gets a copy of the next few bytes,
  /// because it tells when those have left.
  private func sendBacklog() {
    while let sent = unsafe backlog.withFirst({ bytes in
      var buffer = unsafe Self.buffer(UnsafeMutableRawBufferPointer(mutating: bytes))
      return Int(unsafe uv_try_write(stream, &buffer, 1))
    }) {
      if sent == Int(UV_EAGAIN.rawValue) { return sendWhenPossible() }
      // What went wrong is reported by the next read.
      guard sent >= 0 else { return }
      backlog.drop(sent)
    }
    hasSentAll()
  }

  private func sendWhenPossible() {
    let copy = unsafe backlog.withFirst { bytes in
      let copy = UnsafeMutableRawBufferPointer.allocate(
        byteCount: min(bytes.count, LiveDriver.writeSize), alignment: 1)
      unsafe copy.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes.prefix(copy.count)))
      return unsafe copy
    }
    guard let copy = unsafe copy else { return }
    let request = UnsafeMutablePointer<uv_write_t>.allocate(capacity: 1)
    unsafe request.pointee.data = copy.baseAddress
    var buffer = unsafe Self.buffer(copy)
    let result = unsafe uv_write(request, stream, &buffer, 1) { request, status in
      let connection = unsafe Connection.of(request?.pointee.handle.pointee.data)
      unsafe request?.pointee.data.deallocate()
      unsafe request?.deallocate()
      guard status == 0, let connection, !connection.isClosing else { return }
      connection.isBlocked = false
      connection.sendBacklog()
    }
    if result == 0 {
      isBlocked = true
      backlog.drop(copy.count)
    } else {
      unsafe copy.deallocate()
      unsafe request.deallocate()
    }
  }

  private func hasSentAll() {
    if awaitsDrain, driver.connections[id] != nil {
      awaitsDrain = false
      driver.deliver(.drained(id))
    }
    if linger != nil { shutDown() }
  }

  private static func buffer(_ bytes: UnsafeMutableRawBufferPointer) -> uv_buf_t {
    unsafe uv_buf_init(
      bytes.baseAddress?.assumingMemoryBound(to: CChar.self), CUnsignedInt(bytes.count))
  }

  // MARK: - The end

  /// The participant is done with it.
  func close() {
    driver.connections[id] = nil
    letGo()
    guard isConnected, !isClosing, linger == nil else { return abandon() }
    let timer = unsafe Timer(on: driver.loop) { [weak self] in self?.abandon() }
    timer.set(after: LiveDriver.lingerLimit)
    linger = timer
    if !isBlocked { shutDown() }
  }

  /// Tells the remote side that nothing more will come.
  private func shutDown() {
    let request = UnsafeMutablePointer<uv_shutdown_t>.allocate(capacity: 1)
    let result = unsafe uv_shutdown(request, stream) { request, _ in unsafe request?.deallocate() }
    guard result != 0 else { return }
    unsafe request.deallocate()
    abandon()
  }

  /// Closes the socket now.
  private func abandon() {
    linger?.cancel()
    linger = nil
    hold?.cancel()
    hold = nil
    guard !isClosing else { return }
    let handle = unsafe UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)
    unsafe uv_close(handle) { handle in
      guard let data = unsafe handle?.pointee.data else { return }
      unsafe Unmanaged<Connection>.fromOpaque(data).release()
    }
  }
}

extension CloseReason {
  /// From libuv's error code.
  init(_ code: CInt) {
    self =
      switch uv_errno_t(rawValue: code) {
      case UV_ECONNREFUSED: .refused
      case UV_ECONNRESET, UV_EPIPE, UV_ECONNABORTED, UV_ETIMEDOUT: .reset
      case UV_EMFILE, UV_ENFILE, UV_ENOBUFS, UV_ENOMEM, UV_EADDRNOTAVAIL, UV_EAGAIN: .failed
      default: .unreachable
      }
  }
}
