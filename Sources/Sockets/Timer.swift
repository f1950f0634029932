import CUV
package import Participants

/// One libuv timer, with what to do when it is due.
@safe package final class Timer {
  private let handle = UnsafeMutablePointer<uv_timer_t>.allocate(capacity: 1)
  private let action: () -> Void

  /// - Parameter action: done whenever it is due.
  package init(on loop: EventLoop, action: @escaping () -> Void) {
    self.action = action
    unsafe uv_timer_init(loop.pointer, handle)
    // Released when the handle is closed: until then libuv may call back.
    unsafe handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
  }

  deinit { unsafe handle.deallocate() }

  /// Due after a while; at once if that is not positive. Setting it again moves it.
  package func set(after wait: Microseconds) {
    // libuv counts milliseconds: round up, so that a timer is never early. Its idea of now is that
    // of the loop's last turn: bring it up to date.
    let milliseconds = UInt64(max(0, (wait.count + 999) / 1_000))
    unsafe uv_update_time(handle.pointee.loop)
    unsafe uv_timer_start(
      handle, { handle in unsafe Timer.of(handle?.pointee.data)?.action() }, milliseconds, 0)
  }

  /// Never due again. Whoever has made it cancels it.
  package func cancel() {
    let handle = unsafe anyHandle(handle)
    guard unsafe uv_is_closing(handle) == 0 else { return }
    unsafe uv_close(handle) { handle in
      guard let data = unsafe handle?.pointee.data else { return }
      unsafe Unmanaged<Timer>.fromOpaque(data).release()
    }
  }

  private static func of(_ data: UnsafeMutableRawPointer?) -> Timer? {
    guard let data = unsafe data else { return nil }
    return unsafe Unmanaged<Timer>.fromOpaque(data).takeUnretainedValue()
  }
}
