import CProcess
import Glibc
import Synchronization

/// How another thread makes the run end: the collector, when it cannot go on.
package final class StopRequest: Sendable {
  private let reason = Mutex<String?>(nil)
  private let number: CInt

  /// - Throws: where the system has no descriptor left.
  package init() throws(SupervisorError) {
    let result = cprocess_event_open()
    guard result >= 0 else {
      throw SupervisorError("cannot open an event: \(SupervisorError.text(of: -result))")
    }
    number = result
  }

  deinit { close(number) }

  /// Stops the run in order, as failed. Only the first reason counts.
  package func stop(because why: String) {
    let isFirst = reason.withLock { reason in
      defer { reason = reason ?? why }
      return reason == nil
    }
    guard isFirst else { return }
    var one: UInt64 = 1
    _ = unsafe write(number, &one, 8)
  }

  /// Becomes readable once a stop was asked for.
  var descriptor: CInt { number }

  /// The reason, once.
  func take() -> String? {
    var count: UInt64 = 0
    guard unsafe read(number, &count, 8) == 8 else { return nil }
    return reason.withLock(\.self)
  }
}
