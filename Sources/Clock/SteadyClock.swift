import Glibc
package import Participants

/// Microseconds since the epoch that never run backwards: the system's clock when this one was made,
/// plus the monotonic time since.
package struct SteadyClock: Sendable {
  private let offset: Int64

  /// A clock that agrees with the system's now.
  package init() { offset = Self.read(CLOCK_REALTIME) - Self.read(CLOCK_MONOTONIC) }

  /// The time, in microseconds since the epoch.
  package var now: Instant { Instant(microseconds: Self.read(CLOCK_MONOTONIC) + offset) }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
  }
}

extension Instant {
  /// By the system's clock.
  package static var now: Instant { SteadyClock().now }
}
