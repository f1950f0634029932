import CUV
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
  /// Whether it comes from the port that the node listens on.
  var isBound = false
  private var backlog = Backlog()
  /// Whether libuv has bytes to send, and will say when they have left.
  private var isBlocked = false
  private var awaitsDrain = false
  private var linger: Timer?

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
  func begin() {
    isConnected = true
    unsafe uv_tcp_nodelay(handle, 1)
    unsafe uv_read_start(
      stream,
      { handle, _, buffer in
        guard let connection = unsafe Connection.of(handle?.pointee.data) else { return }
        unsafe buffer?.pointee = uv_buf_init(
          connection.driver.readBuffer, CUnsignedInt(LiveDriver.readSize))
      },
      { handle, count, buffer in
        guard let connection = unsafe Connection.of(handle?.pointee.data) else { return }
        let bytes = unsafe UnsafeRawBufferPointer(start: buffer?.pointee.base, count: max(0, count))
        unsafe connection.take(count, bytes)
      })
  }

  private func take(_ count: Int, _ bytes: UnsafeRawBufferPointer) {
    if count < 0 {
      end(count == Int(UV_EOF.rawValue) ? .ended : CloseReason(CInt(count)))
    } else if count > 0, linger == nil {
      unsafe driver.deliver(.received(id, Array(bytes)))
    }
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
    guard isConnected, !isClosing, linger == nil else { return abandon() }
    let timer = Timer(on: driver) { [weak self] in self?.abandon() }
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
