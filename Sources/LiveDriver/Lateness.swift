import Glibc
package import Participants
import Synchronization

/// How late a node wakes up: from when it wanted to, at a timer or at once, to when it could go on.
/// It had to wait for a processor, then.
///
/// Only sleep is measured. What a node's own code takes its time for is no lateness, and cannot be
/// passed off as one; nor is a stop by a signal, which a pause of the topology is.
///
/// Feed it ``sleep(at:for:stops:)`` before the loop blocks and ``wake(at:stops:)`` after.
package struct Lateness {
  /// From here on it is told: a tenth of a second at every step is what no deadline has room for.
  package static let limit = Microseconds.milliseconds(100)
  /// The least time from one event to the next, so that a log grows by time alone.
  package static let interval = Microseconds.seconds(1)

  private var due: Instant?
  private var stops = 0
  private var told: Instant?

  /// Nothing was late yet.
  package init() {}

  /// The loop is about to block.
  ///
  /// - Parameters:
  ///   - wait: until the next timer; `nil` where none is set.
  ///   - stops: how often the process has been continued so far.
  package mutating func sleep(at now: Instant, for wait: Microseconds?, stops: Int) {
    due = wait.map { now + $0 }
    self.stops = stops
  }

  /// The loop goes on.
  ///
  /// - Returns: how late it is, where that is to be told.
  package mutating func wake(at now: Instant, stops: Int) -> Microseconds? {
    guard let due else { return nil }
    self.due = nil
    guard now - due >= Self.limit, stops == self.stops else { return nil }
    if let told, now - told < Self.interval { return nil }
    told = now
    return now - due
  }
}

/// How often this process has been continued after a stop (SIGCONT).
enum Stops {
  private static let continued = Atomic(0)

  static var count: Int { continued.load(ordering: .relaxed) }

  /// Begins to count.
  static func watch() {
    // Makes the counter before a signal can want it.
    _ = count
    signal(SIGCONT) { _ in Stops.continued.add(1, ordering: .relaxed) }
  }
}
