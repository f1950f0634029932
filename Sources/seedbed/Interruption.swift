import Glibc
import Synchronization

/// Ctrl-C (or SIGTERM, SIGHUP) asks work in this process to end in order; the second time it ends the
/// process.
enum Interruption {
  private static let flag = Atomic<Bool>(false)

  static var hasCome: Bool { flag.load(ordering: .relaxed) }

  /// Lets the signals through that whoever started this process has left blocked, as threads of some
  /// libraries are. SIGQUIT ends the process, as it should: the Swift runtime takes it for a crash,
  /// prints a backtrace and goes on.
  static func unblock() {
    _ = signal(SIGQUIT, SIG_DFL)
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    for number in [SIGINT, SIGTERM, SIGHUP] { unsafe sigaddset(&signals, number) }
    unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  /// From here on the signals count. A reader of the output that goes away is one as well.
  static func watch() {
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
