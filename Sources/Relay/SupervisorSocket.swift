import CUV
import Faults
import Glibc
import Sockets

/// The socket to the supervisor: messages come, and each is answered before the next is read.
@safe final class SupervisorSocket {
  private let handle = UnsafeMutablePointer<uv_pipe_t>.allocate(capacity: 1)
  private let descriptor: CInt
  private unowned let relay: Relay
  private var bytes: [UInt8] = []

  init(_ descriptor: CInt, of relay: Relay) throws(NodeFailure) {
    self.descriptor = descriptor
    self.relay = relay
    unsafe uv_pipe_init(relay.loop.pointer, handle, 0)
    guard uv_guess_handle(descriptor) == UV_NAMED_PIPE,
      unsafe uv_pipe_open(handle, descriptor) == 0
    else {
      throw NodeFailure(
        "standard input is no socket: the relay is started by 'seedbed run', for a topology with "
          + "'isolation: relay'")
    }
    unsafe handle.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    let stream = unsafe UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_stream_t.self)
    unsafe uv_read_start(
      stream, EventLoop.allocate,
      { handle, count, buffer in
        guard let data = unsafe handle?.pointee.data else { return }
        let socket = unsafe Unmanaged<SupervisorSocket>.fromOpaque(data).takeUnretainedValue()
        guard count >= 0 else {
          // The supervisor is gone, and its nodes with it.
          return unsafe uv_stop(handle?.pointee.loop)
        }
        let read = unsafe UnsafeRawBufferPointer(start: buffer?.pointee.base, count: count)
        unsafe socket.take(Array(read))
      })
  }

  private func take(_ read: [UInt8]) {
    bytes += read
    do throws(RelayMessage.Malformed) {
      while let message = try RelayMessage.next(in: &bytes) {
        answer(relay.handle(message))
      }
    } catch {
      relay.fail(NodeFailure("the supervisor said what is no message"))
    }
  }

  /// The supervisor waits for it: a few bytes, which fit into the socket.
  private func answer(_ answer: RelayAnswer) {
    let text = Array(answer.description.utf8)
    let sent = unsafe text.withUnsafeBytes { bytes in
      unsafe send(descriptor, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL))
    }
    if sent != text.count { relay.fail(NodeFailure("cannot answer the supervisor")) }
  }
}
