package import CUV
package import Clock
package import Participants

/// A libuv loop, and what everything on it shares. All of it runs on the thread that calls ``run()``.
@safe package final class EventLoop {
  /// Bytes that are read at once, but for streams on which much comes.
  static let readSize = 64 * 1024

  package let pointer = UnsafeMutablePointer<uv_loop_t>.allocate(capacity: 1)
  /// What is read lands here first.
  let readBuffer = UnsafeMutablePointer<CChar>.allocate(capacity: readSize)
  package let clock = SteadyClock()
  private var signals: [SignalWatch] = []
  private var blocking: BlockingWatch?
  /// The time now, in microseconds since the epoch.
  package var now: Instant { clock.now }

  /// - Throws: where the system has no loop left.
  package init() throws(NodeFailure) {
    guard unsafe uv_loop_init(pointer) == 0 else {
      throw NodeFailure("cannot make an event loop")
    }
    unsafe pointer.pointee.data = Unmanaged.passUnretained(self).toOpaque()
  }

  deinit {
    unsafe uv_loop_close(pointer)
    unsafe pointer.deallocate()
    unsafe readBuffer.deallocate()
  }

  /// Runs until nothing is open any more, or ``stop()`` is called.
  package func run() { unsafe uv_run(pointer, UV_RUN_DEFAULT) }

  /// Lets ``run()`` return after this turn.
  package func stop() { unsafe uv_stop(pointer) }

  // MARK: - Signals and sleep

  /// Does something at every such signal that the process gets, until ``ignoreSignals()``.
  package func watch(_ signal: CInt, _ action: @escaping () -> Void) {
    signals.append(SignalWatch(signal, on: self, action))
  }

  /// Signals do what they do to any process, and do not keep the loop.
  package func ignoreSignals() {
    for signal in signals { signal.close() }
    signals = []
  }

  /// Does something before the loop blocks, and something after.
  ///
  /// - Parameter before: gets how long it will block at most; `nil`: until something happens.
  package func watchBlocking(
    before: @escaping (Microseconds?) -> Void, after: @escaping () -> Void
  ) {
    blocking = BlockingWatch(on: self, before: before, after: after)
  }

  /// What libuv is to read datagrams and the like into: the shared buffer.
  package static let allocate:
    @convention(c) (UnsafeMutablePointer<uv_handle_t>?, Int, UnsafeMutablePointer<uv_buf_t>?) ->
      Void = { handle, _, buffer in
        guard let data = unsafe handle?.pointee.loop.pointee.data else { return }
        let loop = unsafe Unmanaged<EventLoop>.fromOpaque(data).takeUnretainedValue()
        unsafe buffer?.pointee = uv_buf_init(loop.readBuffer, CUnsignedInt(readSize))
      }
}

/// A handle of libuv's, as its calls for all kinds of them want it.
func anyHandle(_ handle: UnsafeMutableRawPointer) -> UnsafeMutablePointer<uv_handle_t> {
  unsafe handle.assumingMemoryBound(to: uv_handle_t.self)
}

/// Closes a handle for good, and frees its memory then.
func closeForGood(_ handle: UnsafeMutableRawPointer) {
  unsafe uv_close(anyHandle(handle)) { unsafe $0?.deallocate() }
}
