import Participants
import Testing

@Suite struct `A timer's key` {
  private enum Owners: UInt8, TimerPurpose {
    case upkeep, join
  }

  private enum Parts: UInt8, TimerPurpose {
    case request, upkeep
  }

  @Test func `says whose it is, so that two parts with the same numbers do not collide`() {
    let own = TimerKey(Owners.upkeep, 7)
    let other = TimerKey(Parts.request, 7)
    #expect(own.purpose == other.purpose && own.subject == other.subject)
    #expect(own != other)
    #expect(Owners(own) == .upkeep && Parts(own) == nil)
    #expect(Parts(other) == .request && Owners(other) == nil)
  }

  @Test func `is the same for the same purpose and subject`() {
    #expect(TimerKey(Owners.join, 1) == TimerKey(Owners.join, 1))
    #expect(TimerKey(Owners.join, 1) != TimerKey(Owners.join, 2))
    #expect(TimerKey(Owners.join, 1) != TimerKey(Owners.upkeep, 1))
  }
}
