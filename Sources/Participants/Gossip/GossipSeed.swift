package import Participants

package struct GossipSeed: Participant {
  init(_ settings: ParticipantSettings) {}
  package mutating func handle(
    _ input: Input, at now: Instant, using random: inout SeededGenerator, emit: inout Effects
  ) {}
}
