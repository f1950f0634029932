import CUV
import Glibc
import LiveDriver

/// One of the two sockets of a relayed connection.
@safe final class StreamEnd {
  let handle = UnsafeMutablePointer<uv_tcp_t>.allocate(capacity: 1)
  private unowned let relay: Relay
  private var isConnected = false
  private var isReading = false
  private var isClosing = false
  private var isBroken = false
  /// Bytes that were written and have not left.
  private var unsent = 0
  /// All that was written has left, and nothing more will be.
  private(set) var isShut = false
  var arrived: (Lane.Piece) -> Void = { _ in }
  /// Some of what was written has left.
  var drained: () -> Void = {}

  init(of relay: Relay) {
    self.relay = relay
    unsafe uv_tcp_init(relay.loop, handle)
    // Released when the handle is closed.
    unsafe handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
  }

  deinit { unsafe handle.deallocate() }

  var stream: UnsafeMutablePointer<uv_stream_t> {
    unsafe UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_stream_t.self)
  }

  private static func of(_ data: UnsafeMutableRawPointer?) -> StreamEnd? {
    guard let data = unsafe data else { return nil }
    return unsafe Unmanaged<StreamEnd>.fromOpaque(data).takeUnretainedValue()
  }

  /// The connection is there.
  func begin() {
    isConnected = true
    unsafe uv_tcp_nodelay(handle, 1)
    setReading(true)
  }

  /// Without effect before the connection is there.
  func setReading(_ on: Bool) {
    guard isConnected, !isClosing, on != isReading else { return }
    isReading = on
    guard on else {
      unsafe uv_read_stop(stream)
      return
    }
    unsafe uv_read_start(
      stream,
      { handle, _, buffer in
        guard let relay = unsafe Relay.of(handle?.pointee.loop) else { return }
        unsafe buffer?.pointee = uv_buf_init(relay.readBuffer, CUnsignedInt(Relay.readSize))
      },
      { handle, count, buffer in
        guard let end = unsafe StreamEnd.of(handle?.pointee.data), count != 0 else { return }
        if count == Int(UV_EOF.rawValue) { return end.arrived(.end) }
        if count < 0 { return end.broke() }
        let read = unsafe UnsafeRawBufferPointer(start: buffer?.pointee.base, count: count)
        unsafe end.arrived(.bytes(Array(read)))
      })
  }

  // MARK: - Writing

  /// Whether it can be written to now.
  var takesMore: Bool { isConnected && takesMoreLater }

  /// The same once the connection is there.
  var takesMoreLater: Bool { unsent < Relay.streamLimit }

  /// A write under way.
  @safe private final class Write {
    let end: StreamEnd
    let bytes: UnsafeMutableRawBufferPointer

    init(_ bytes: [UInt8], to end: StreamEnd) {
      self.end = end
      unsafe self.bytes = .allocate(byteCount: bytes.count, alignment: 1)
      unsafe self.bytes.copyBytes(from: bytes)
    }

    deinit { unsafe bytes.deallocate() }
  }

  func write(_ bytes: [UInt8]) {
    guard !isClosing, !bytes.isEmpty else { return }
    let write = Write(bytes, to: self)
    let request = UnsafeMutablePointer<uv_write_t>.allocate(capacity: 1)
    unsafe request.pointee.data = Unmanaged.passRetained(write).toOpaque()
    var buffer = unsafe uv_buf_init(
      write.bytes.baseAddress?.assumingMemoryBound(to: CChar.self), CUnsignedInt(bytes.count))
    unsent += bytes.count
    let result = unsafe uv_write(request, stream, &buffer, 1) { request, status in
      guard let data = unsafe request?.pointee.data else { return }
      let write = unsafe Unmanaged<Write>.fromOpaque(data).takeRetainedValue()
      unsafe request?.deallocate()
      unsafe write.end.hasSent(write.bytes.count)
      // Where nothing more is read, as after the other side's end, this alone tells of it.
      if status != 0 { write.end.broke() }
    }
    guard result != 0 else { return }
    unsafe Unmanaged.passUnretained(write).release()
    unsafe request.deallocate()
    unsent -= bytes.count
  }

  private func hasSent(_ count: Int) {
    unsent -= count
    if !isClosing { drained() }
  }

  /// The connection is gone: its other half is to be reset too.
  private func broke() {
    guard !isBroken else { return }
    isBroken = true
    arrived(.reset)
  }

  /// Tells the other side that nothing more comes, once all that was written has left.
  func shutDown() {
    guard !isClosing else { return }
    let request = UnsafeMutablePointer<uv_shutdown_t>.allocate(capacity: 1)
    let result = unsafe uv_shutdown(request, stream) { request, _ in
      let end = unsafe StreamEnd.of(request?.pointee.handle.pointee.data)
      unsafe request?.deallocate()
      guard let end, !end.isClosing else { return }
      end.isShut = true
      end.drained()
    }
    if result != 0 {
      unsafe request.deallocate()
      isShut = true
    }
  }

  // MARK: - The end

  func close() {
    guard !isClosing else { return }
    isClosing = true
    arrived = { _ in }
    drained = {}
    let handle = unsafe UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)
    unsafe uv_close(handle, Self.release)
  }

  /// Closes it so that the other side sees a reset.
  func reset() {
    // Not where it is being shut down: then that is what the other side sees.
    guard !isClosing, isConnected, unsafe uv_tcp_close_reset(handle, Self.release) == 0 else {
      return close()
    }
    isClosing = true
    arrived = { _ in }
    drained = {}
  }

  private static let release: @convention(c) (UnsafeMutablePointer<uv_handle_t>?) -> Void = {
    handle in
    guard let data = unsafe handle?.pointee.data else { return }
    unsafe Unmanaged<StreamEnd>.fromOpaque(data).release()
  }
}
