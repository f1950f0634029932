import Glibc
import Synchronization

/// Ctrl-C (or SIGTERM, SIGHUP) asks work in this process to end in order; the second time it ends the
/// process.
package enum Interruption {
  private static let flag = Atomic<Bool>(false)

  /// Whether it was asked.
  package static var hasCome: Bool { flag.load(ordering: .relaxed) }

  /// From here on the signals count. A reader of the output that goes away is one as well.
  package static func watch() {
    // Made before a handler may need it.
    _ = hasCome
    for number in [SIGINT, SIGTERM, SIGHUP] {
      _ = signal(number) { number in
        Interruption.flag.store(true, ordering: .relaxed)
        _ = signal(number, SIG_DFL)
      }
    }
    _ = signal(SIGPIPE) { _ in Interruption.flag.store(true, ordering: .relaxed) }
  }
}
