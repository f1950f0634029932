import HyperDHT
import Participants
import Testing

@Suite struct PunctualityTests {
  private static let now = Instant(microseconds: 1_795_000_000_000_000)
  private static let slow = contact(1)
  private static let other = contact(2)

  private static func contact(_ number: UInt16) -> Contact {
    Contact(
      id: [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 32),
      address: Address(host: "10.0.0.1", port: number))
  }

  /// A hundred answers of one node's.
  private static func take(
    _ time: Microseconds, of contact: Contact = other, into punctuality: inout Punctuality,
    isCertain: Bool = true
  ) {
    for _ in 0..<100 {
      punctuality.answered(contact, after: time, isCertain: isCertain, at: now)
    }
  }

  @Test("until anything is known an answer takes a unit, and then what answers usually take")
  func usual() {
    var punctuality = Punctuality(unit: .seconds(1))
    #expect(punctuality.patience(with: Self.other) == .seconds(1))
    Self.take(.milliseconds(10), into: &punctuality)
    #expect(punctuality.patience(with: Self.slow) == .milliseconds(11))
    Self.take(.milliseconds(200), into: &punctuality)
    #expect(punctuality.patience(with: Self.slow) > .milliseconds(200))
    #expect(punctuality.patience(with: Self.slow) < .milliseconds(210))
  }

  @Test("a slow node is given its own time, and the others theirs, until it is as quick as they")
  func slowness() {
    var punctuality = Punctuality(unit: .seconds(1))
    Self.take(.milliseconds(10), into: &punctuality)
    punctuality.answered(Self.slow, after: .seconds(2), isCertain: false, at: Self.now)
    #expect(punctuality.patience(with: Self.slow) > .seconds(2))
    #expect(punctuality.patience(with: Self.other) == .milliseconds(11))
    Self.take(.milliseconds(10), of: Self.slow, into: &punctuality)
    #expect(punctuality.patience(with: Self.slow) == .milliseconds(11))
    #expect(punctuality.count == 0)
  }

  @Test("an answer to one of several sendings tells nothing of others")
  func ambiguity() {
    var punctuality = Punctuality(unit: .seconds(1))
    Self.take(.milliseconds(10), into: &punctuality)
    Self.take(.seconds(1), of: Self.slow, into: &punctuality, isCertain: false)
    #expect(punctuality.patience(with: Self.other) == .milliseconds(11))
  }

  @Test("who is silent is so until heard, and forgotten when nobody asks for them any more")
  func silence() {
    var punctuality = Punctuality(unit: .seconds(1))
    let isNews = (0..<2).map { _ in punctuality.miss(Self.slow, at: Self.now) }
    #expect(isNews == [true, false])
    #expect(punctuality.isSilent(Self.slow) && !punctuality.isSilent(Self.other))
    punctuality.hear(Self.slow)
    #expect(!punctuality.isSilent(Self.slow) && punctuality.count == 0)
    _ = punctuality.miss(Self.slow, at: Self.now)
    punctuality.forget(before: Self.now)
    #expect(punctuality.isSilent(Self.slow))
    punctuality.forget(before: Self.now + .seconds(1))
    #expect(!punctuality.isSilent(Self.slow))
  }

  @Test("no more nodes are remembered by themselves than the limit")
  func limit() {
    var punctuality = Punctuality(unit: .seconds(1))
    for number in 0..<2_000 {
      _ = punctuality.miss(Self.contact(UInt16(number)), at: Self.now)
    }
    #expect(punctuality.count == Punctuality.mostExceptions)
  }
}
