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

  func write(_ bytes: [UInt8]) {
    guard !isClosing else { return }
    let waiting = unsafe uv_stream_get_write_queue_size(stream)
    guard waiting + bytes.count <= LiveDriver.backlogLimit else { return end(.backlogged) }
    var sent = 0
    if waiting == 0 {
      sent = unsafe bytes.withUnsafeBytes { bytes in
        var buffer = unsafe Self.buffer(UnsafeMutableRawBufferPointer(mutating: bytes))
        return Int(unsafe uv_try_write(stream, &buffer, 1))
      }
      // What went wrong is reported by the next read.
      guard sent >= 0 || sent == Int(UV_EAGAIN.rawValue) else { return }
      sent = max(0, sent)
    }
    if sent < bytes.count { queue(bytes.dropFirst(sent)) }
  }

  private func queue(_ bytes: ArraySlice<UInt8>) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    unsafe copy.copyBytes(from: bytes)
    let request = UnsafeMutablePointer<uv_write_t>.allocate(capacity: 1)
    unsafe request.pointee.data = copy.baseAddress
    var buffer = unsafe Self.buffer(copy)
    let result = unsafe uv_write(request, stream, &buffer, 1) { request, _ in
      unsafe request?.pointee.data.deallocate()
      unsafe request?.deallocate()
    }
    if result != 0 {
      unsafe copy.deallocate()
      unsafe request.deallocate()
    }
  }

  private static func buffer(_ bytes: UnsafeMutableRawBufferPointer) -> uv_buf_t {
    unsafe uv_buf_init(
      bytes.baseAddress?.assumingMemoryBound(to: CChar.self), CUnsignedInt(bytes.count))
  }

  /// The participant is done with it.
  func close() {
    driver.connections[id] = nil
    guard isConnected, !isClosing, linger == nil else { return abandon() }
    let request = UnsafeMutablePointer<uv_shutdown_t>.allocate(capacity: 1)
    let result = unsafe uv_shutdown(request, stream) { request, _ in unsafe request?.deallocate() }
    guard result == 0 else {
      unsafe request.deallocate()
      return abandon()
    }
    let timer = Timer(on: driver) { [weak self] in self?.abandon() }
    timer.set(after: LiveDriver.lingerLimit)
    linger = timer
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
