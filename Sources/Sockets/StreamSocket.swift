import CUV
import Glibc
package import Participants

/// Whom a ``StreamSocket`` tells what comes of it. The socket holds on to it until it is closed, and
/// tells nothing after.
package protocol StreamUser: AnyObject {
  /// The answer to a connect: 0, or libuv's error code.
  func connected(_ status: CInt, _ socket: StreamSocket)
  /// Something has come from the other side, or nothing more will.
  func received(_ piece: StreamSocket.Piece, on socket: StreamSocket)
  /// Some of what had to wait has left; or, after ``StreamSocket/shutDown()``, all has.
  func sent(on socket: StreamSocket)
  /// What was written cannot leave any more.
  func broke(_ socket: StreamSocket)
}

/// One TCP connection, from this side: a libuv handle, what waits to be sent, and how it ends.
@safe package final class StreamSocket {
  /// What comes of a connection.
  package enum Piece {
    case bytes([UInt8])
    /// Nothing more comes: `ended` where the other side has said so, else why.
    case end(CloseReason)
  }

  /// Bytes that are read at once when much comes: the more is taken at once, the less often TCP's turns
  /// are taken here, at the receiver's expense.
  private static let bulkReadSize = 1024 * 1024
  /// Reads before others have their turn.
  private static let readsAtOnce = 2
  /// Bytes that are copied to be sent when the system takes no more.
  private static let writeSize = 64 * 1024

  private let handle = UnsafeMutablePointer<uv_tcp_t>.allocate(capacity: 1)
  private unowned let loop: EventLoop
  package var user: (any StreamUser)?
  package private(set) var isConnected = false
  package private(set) var isClosed = false
  private var isReading = false
  /// Whether the last read filled the buffer: then the next is likely to be long.
  private var isBulk = false
  private var backlog = Backlog()
  /// Whether libuv has bytes to send, and will say when they have left.
  private var isBlocked = false
  /// Whether nothing more will be written.
  private var isEnding = false
  /// Whether all that was written has left, and the other side was told that nothing more will come.
  package private(set) var isShut = false

  /// A socket that is to be dialled with, or to accept into.
  package init(on loop: EventLoop) {
    self.loop = loop
    unsafe uv_tcp_init(loop.pointer, handle)
    // Released when the handle is closed: until then libuv may call back.
    unsafe handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
  }

  deinit { unsafe handle.deallocate() }

  private static func of(_ data: UnsafeMutableRawPointer?) -> StreamSocket? {
    guard let data = unsafe data else { return nil }
    return unsafe Unmanaged<StreamSocket>.fromOpaque(data).takeUnretainedValue()
  }

  var stream: UnsafeMutablePointer<uv_stream_t> {
    unsafe UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_stream_t.self)
  }

  /// The other side's address; `nil` while there is none.
  package var peer: Address? {
    unsafe SocketAddress { unsafe uv_tcp_getpeername(handle, $0, $1) }?.address
  }

  // MARK: - The beginning

  /// Lets it come from an address. Without effect where the system refuses it.
  package func bind(to address: SocketAddress) {
    var address = address
    _ = unsafe address.withPointer { unsafe uv_tcp_bind(handle, $0, 0) }
  }

  /// Lets it come from where a listener listens.
  ///
  /// - Returns: whether the system allowed it.
  package func bind(as listener: StreamListener) -> Bool {
    guard let sibling = listener.makeSibling() else { return false }
    guard unsafe uv_tcp_open(handle, sibling) == 0 else {
      Glibc.close(sibling)
      return false
    }
    return true
  }

  /// Dials. The user hears of it, unless it fails at once.
  ///
  /// - Returns: 0, or libuv's error code.
  package func connect(to address: SocketAddress) -> CInt {
    var address = address
    let request = UnsafeMutablePointer<uv_connect_t>.allocate(capacity: 1)
    let result = unsafe address.withPointer {
      unsafe uv_tcp_connect(request, handle, $0) { request, status in
        defer { unsafe request?.deallocate() }
        let socket = unsafe StreamSocket.of(request?.pointee.handle.pointee.data)
        if let socket, !socket.isClosed { socket.user?.connected(status, socket) }
      }
    }
    if result != 0 { unsafe request.deallocate() }
    return result
  }

  /// The connection is there: starts reading.
  package func begin() {
    isConnected = true
    unsafe uv_tcp_nodelay(handle, 1)
    setReading(true)
  }

  // MARK: - Reading

  /// Reads from now on, or no more. Without effect before the connection is there.
  ///
  /// libuv only says when there is something to read (it calls back without a buffer where it is
  /// given none): what is read then goes straight into the array that the user gets.
  package func setReading(_ on: Bool) {
    guard isConnected, !isClosed, on != isReading else { return }
    isReading = on
    if on {
      unsafe uv_read_start(
        stream, { _, _, buffer in unsafe buffer?.pointee = uv_buf_init(nil, 0) },
        { handle, _, _ in unsafe StreamSocket.of(handle?.pointee.data)?.read() })
    } else {
      unsafe uv_read_stop(stream)
    }
  }

  /// Takes what there is, up to a few reads at once, so that others have their turn.
  private func read() {
    var descriptor: uv_os_fd_t = -1
    _ = unsafe uv_fileno(anyHandle(handle), &descriptor)
    for _ in 0..<Self.readsAtOnce {
      guard isReading, !isClosed else { return }
      let limit = isBulk ? Self.bulkReadSize : EventLoop.readSize
      let (bytes, count) = isBulk ? readInto(descriptor, limit) : readCopying(descriptor, limit)
      if count == 0 { return tell(.end(.ended)) }
      if count < 0 {
        if errno == EAGAIN || errno == EINTR { return }
        return tell(.end(CloseReason(-errno)))
      }
      isBulk = count >= EventLoop.readSize
      tell(.bytes(bytes))
      if count < limit { return }
    }
  }

  private func tell(_ piece: Piece) { user?.received(piece, on: self) }

  /// A little usually comes: it is copied into an array of its size.
  private func readCopying(_ descriptor: CInt, _ limit: Int) -> (bytes: [UInt8], count: Int) {
    let count = unsafe recv(descriptor, loop.readBuffer, limit, 0)
    return unsafe (
      Array(UnsafeRawBufferPointer(start: loop.readBuffer, count: max(0, count))), count
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

  // MARK: - Writing

  /// Bytes that wait to be sent.
  package var waiting: Int { backlog.count }

  /// Whether nothing that was written waits.
  package var hasSentAll: Bool { backlog.isEmpty && !isBlocked }

  /// Sends bytes behind all that was written before. Without effect after ``shutDown()``.
  package func write(_ bytes: [UInt8]) {
    guard !isClosed, !isEnding else { return }
    backlog.append(bytes)
    if !isBlocked { sendBacklog() }
  }

  /// Hands the system what it takes. When it takes no more, libuv gets a copy of the next few bytes,
  /// because it tells when those have left.
  private func sendBacklog() {
    while let sent = unsafe backlog.withFirst({ bytes in
      var buffer = unsafe Self.buffer(UnsafeMutableRawBufferPointer(mutating: bytes))
      return Int(unsafe uv_try_write(stream, &buffer, 1))
    }) {
      // What went wrong is told of in the same way.
      guard sent >= 0 else { return sendWhenPossible() }
      backlog.drop(sent)
    }
    if isEnding { sendEnd() }
  }

  private func sendWhenPossible() {
    let copy = unsafe backlog.withFirst { bytes in
      let copy = UnsafeMutableRawBufferPointer.allocate(
        byteCount: min(bytes.count, Self.writeSize), alignment: 1)
      unsafe copy.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes.prefix(copy.count)))
      return unsafe copy
    }
    guard let copy = unsafe copy else { return }
    let request = UnsafeMutablePointer<uv_write_t>.allocate(capacity: 1)
    unsafe request.pointee.data = copy.baseAddress
    var buffer = unsafe Self.buffer(copy)
    let result = unsafe uv_write(request, stream, &buffer, 1) { request, status in
      let socket = unsafe StreamSocket.of(request?.pointee.handle.pointee.data)
      unsafe request?.pointee.data.deallocate()
      unsafe request?.deallocate()
      if let socket, !socket.isClosed { socket.wrote(status) }
    }
    if result == 0 {
      isBlocked = true
      backlog.drop(copy.count)
    } else {
      unsafe copy.deallocate()
      unsafe request.deallocate()
    }
  }

  private func wrote(_ status: CInt) {
    guard status == 0 else {
      user?.broke(self)
      return
    }
    isBlocked = false
    sendBacklog()
    user?.sent(on: self)
  }

  private static func buffer(_ bytes: UnsafeMutableRawBufferPointer) -> uv_buf_t {
    unsafe uv_buf_init(
      bytes.baseAddress?.assumingMemoryBound(to: CChar.self), CUnsignedInt(bytes.count))
  }

  // MARK: - The end

  /// Tells the other side that nothing more comes, once all that was written has left.
  package func shutDown() {
    guard !isClosed, !isEnding else { return }
    isEnding = true
    if hasSentAll { sendEnd() }
  }

  private func sendEnd() {
    let request = UnsafeMutablePointer<uv_shutdown_t>.allocate(capacity: 1)
    let result = unsafe uv_shutdown(request, stream) { request, _ in
      let socket = unsafe StreamSocket.of(request?.pointee.handle.pointee.data)
      unsafe request?.deallocate()
      guard let socket, !socket.isClosed else { return }
      socket.isShut = true
      socket.user?.sent(on: socket)
    }
    guard result != 0 else { return }
    unsafe request.deallocate()
    isShut = true
  }

  /// Closes it now. What was not sent is lost, and where bytes were not read the other side sees a
  /// reset.
  package func close() {
    guard !isClosed else { return }
    isClosed = true
    unsafe uv_close(anyHandle(handle), Self.release)
  }

  /// Closes it so that the other side sees a reset.
  package func reset() {
    // Not where it is being shut down: then that is what the other side sees.
    guard !isClosed, isConnected, unsafe uv_tcp_close_reset(handle, Self.release) == 0 else {
      return close()
    }
    isClosed = true
  }

  private static let release: @convention(c) (UnsafeMutablePointer<uv_handle_t>?) -> Void = {
    handle in
    guard let data = unsafe handle?.pointee.data else { return }
    let socket = unsafe Unmanaged<StreamSocket>.fromOpaque(data).takeRetainedValue()
    // Not before: whoever has closed it may be at work still.
    socket.user = nil
  }
}

extension CloseReason {
  /// From libuv's error code.
  package init(_ code: CInt) {
    self =
      switch uv_errno_t(rawValue: code) {
      case UV_ECONNREFUSED: .refused
      case UV_ECONNRESET, UV_EPIPE, UV_ECONNABORTED, UV_ETIMEDOUT: .reset
      case UV_EMFILE, UV_ENFILE, UV_ENOBUFS, UV_ENOMEM, UV_EADDRNOTAVAIL, UV_EAGAIN: .failed
      default: .unreachable
      }
  }
}
