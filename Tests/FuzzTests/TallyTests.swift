import Participants
import Testing

@Suite struct `A tally` {
  private static let asked = EventKind("list.sent", "A list was asked for.", tallied: true)
  private static let named = EventKind("peer.named", "A peer was named.", tallied: true)

  /// Logs an event for each key, and returns the `times` of those that were.
  private func log(
    _ keys: some Sequence<Int>, of kind: EventKind = asked, _ tally: inout Tally,
    sparingAt now: Instant? = nil
  ) -> [Event.Value?] {
    var turn = Turn(at: now ?? Instant(microseconds: 0), random: SeededGenerator(seed: 1))
    for key in keys {
      if now == nil {
        tally.log(Event(kind), per: key, &turn)
      } else {
        tally.logEach(Event(kind), per: key, &turn)
      }
    }
    var times: [Event.Value?] = []
    turn.drain { effect in if case .log(let event) = effect { times.append(event["times"]) } }
    return times
  }

  @Test func `logs the same at 1, 2, 4, 8 and so on, and says how often from the second time on`() {
    var tally = Tally()
    let due: [Int64?] = [nil, 2, 4, 8, 16]
    #expect(log(repeatElement(7, count: 20), &tally) == due.map { $0.map(Event.Value.integer) })
  }

  @Test func `tells so many of each kind apart, and counts the others as one`() {
    var tally = Tally(different: 3)
    #expect(log(0..<3, &tally).count == 3)
    #expect(log(100..<110, &tally).count == 4, "the 1st, 2nd, 4th and 8th of the others")
    #expect(log(0..<3, &tally) == Array(repeating: .integer(2), count: 3))
    #expect(log(100..<103, of: Self.named, &tally).count == 3, "another kind is not concerned")
  }

  @Test func `spares so many, and one more each second, of those told apart and of the others`() {
    var tally = Tally(different: 1, sparing: 10)
    let start = Instant(microseconds: 1_000_000)
    for key in [1, 2] {
      #expect(log(repeatElement(key, count: 10), &tally, sparingAt: start).count == 10)
      #expect(log(repeatElement(key, count: 90), &tally, sparingAt: start).count == 3, "16, 32, 64")
      #expect(log([key], &tally, sparingAt: start + .seconds(1)).count == 1)
      #expect(log([key], &tally, sparingAt: start + .seconds(1)).isEmpty)
    }
  }
}
