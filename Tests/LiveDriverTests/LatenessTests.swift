import LiveDriver
import Participants
import Testing

/// When a node says that it woke up late.
@Suite struct LatenessTests {
  private var lateness = Lateness()

  /// Sleeps from one time to another, in milliseconds, and gives what is to be told.
  private mutating func sleep(
    from start: Int64, for wait: Int64?, until end: Int64, stops: (before: Int, after: Int) = (0, 0)
  ) -> Int64? {
    lateness.sleep(
      at: Instant(microseconds: start * 1_000), for: wait.map { .milliseconds($0) },
      stops: stops.before)
    return lateness.wake(at: Instant(microseconds: end * 1_000), stops: stops.after)
      .map { $0.count / 1_000 }
  }

  private let limit = Lateness.limit.count / 1_000

  @Test("What is told is the time from when it wanted to wake up until it did, from a limit on")
  mutating func late() {
    #expect(sleep(from: 0, for: 50, until: 50 + limit - 1) == nil)
    #expect(sleep(from: 1_000, for: 50, until: 1_050 + limit) == limit)
    #expect(sleep(from: 5_000, for: 0, until: 5_700) == 700)
  }

  @Test("Who is woken before its time, or has none, is not late")
  mutating func early() {
    #expect(sleep(from: 0, for: 9_000, until: 5_000) == nil)
    #expect(sleep(from: 5_000, for: nil, until: 9_000) == nil)
  }

  @Test("What a node does while it is awake is no lateness, however long it takes")
  mutating func ownCode() {
    #expect(sleep(from: 0, for: 10, until: 11) == nil)
    #expect(sleep(from: 5_000, for: 0, until: 5_000) == nil)
    #expect(lateness.wake(at: Instant(microseconds: 60_000_000), stops: 0) == nil)
  }

  @Test("A stop by a signal is no lateness, and hides none afterwards")
  mutating func stopped() {
    #expect(sleep(from: 0, for: 10, until: 4_000, stops: (0, 1)) == nil)
    #expect(sleep(from: 4_000, for: 10, until: 4_500, stops: (1, 1)) == 490)
  }

  @Test("However often it is late, it says so once a second")
  mutating func thinned() {
    var told: [Int64] = []
    for round in 0..<20 {
      let start = Int64(round) * 250
      if sleep(from: start, for: 50, until: start + 250) != nil { told.append(start + 250) }
    }
    #expect(told == [250, 1_250, 2_250, 3_250, 4_250])
  }
}
