import CUV
import Participants

/// What is done at a signal.
@safe final class SignalWatch {
  private let handle = UnsafeMutablePointer<uv_signal_t>.allocate(capacity: 1)
  private let action: () -> Void

  init(_ signal: CInt, on loop: EventLoop, _ action: @escaping () -> Void) {
    self.action = action
    unsafe uv_signal_init(loop.pointer, handle)
    // Released when the handle is closed.
    unsafe handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
    unsafe uv_signal_start(
      handle,
      { handle, _ in
        guard let data = unsafe handle?.pointee.data else { return }
        unsafe Unmanaged<SignalWatch>.fromOpaque(data).takeUnretainedValue().action()
      }, signal)
  }

  deinit { unsafe handle.deallocate() }

  func close() {
    unsafe uv_close(anyHandle(handle)) { handle in
      guard let data = unsafe handle?.pointee.data else { return }
      unsafe Unmanaged<SignalWatch>.fromOpaque(data).release()
    }
  }
}

/// What is done before a loop blocks and after, as long as it lasts. It does not keep the loop.
@safe final class BlockingWatch {
  private let prepare = UnsafeMutablePointer<uv_prepare_t>.allocate(capacity: 1)
  private let check = UnsafeMutablePointer<uv_check_t>.allocate(capacity: 1)
  private unowned let loop: EventLoop
  private let before: (Microseconds?) -> Void
  private let after: () -> Void

  init(
    on loop: EventLoop, before: @escaping (Microseconds?) -> Void, after: @escaping () -> Void
  ) {
    self.loop = loop
    self.before = before
    self.after = after
    unsafe uv_prepare_init(loop.pointer, prepare)
    unsafe uv_check_init(loop.pointer, check)
    let own = unsafe Unmanaged.passUnretained(self).toOpaque()
    unsafe prepare.pointee.data = own
    unsafe check.pointee.data = own
    unsafe uv_prepare_start(prepare) { handle in
      unsafe BlockingWatch.of(handle?.pointee.data)?.willBlock()
    }
    unsafe uv_check_start(check) { handle in
      unsafe BlockingWatch.of(handle?.pointee.data)?.after()
    }
    unsafe uv_unref(anyHandle(prepare))
    unsafe uv_unref(anyHandle(check))
  }

  /// The loop that has it is closed.
  deinit {
    unsafe prepare.deallocate()
    unsafe check.deallocate()
  }

  private static func of(_ data: UnsafeMutableRawPointer?) -> BlockingWatch? {
    guard let data = unsafe data else { return nil }
    return unsafe Unmanaged<BlockingWatch>.fromOpaque(data).takeUnretainedValue()
  }

  private func willBlock() {
    let wait = unsafe uv_backend_timeout(loop.pointer)
    before(wait < 0 ? nil : .milliseconds(Int64(wait)))
  }
}

/// Something to do in the loop's next turn, so that others have theirs before.
@safe package final class NextTurn {
  private let handle = UnsafeMutablePointer<uv_idle_t>.allocate(capacity: 1)
  private let action: () -> Void

  /// - Parameter action: done once after each ``set()``.
  package init(on loop: EventLoop, action: @escaping () -> Void) {
    self.action = action
    unsafe uv_idle_init(loop.pointer, handle)
    // Released when the handle is closed.
    unsafe handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
  }

  deinit { unsafe handle.deallocate() }

  /// It is to be done.
  package func set() {
    unsafe uv_idle_start(handle) { handle in
      unsafe uv_idle_stop(handle)
      guard let data = unsafe handle?.pointee.data else { return }
      unsafe Unmanaged<NextTurn>.fromOpaque(data).takeUnretainedValue().action()
    }
  }

  /// Never done again. Whoever has made it cancels it, once.
  package func cancel() {
    unsafe uv_close(anyHandle(handle)) { handle in
      guard let data = unsafe handle?.pointee.data else { return }
      unsafe Unmanaged<NextTurn>.fromOpaque(data).release()
    }
  }
}
