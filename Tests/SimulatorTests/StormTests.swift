import Participants
import Simulator
import Supervisor
import Testing
import Topology

@Suite("Storms") struct StormTests {
  /// Answers each datagram with so many.
  private struct Echo: Participant {
    let answers: Int
    let others: [Address]

    mutating func handle(_ input: Input, _ turn: inout Turn) {
      switch input {
      case .started: for other in others { turn.send([1], to: other) }
      case .datagram(let sender, let bytes):
        for _ in 0..<answers { turn.send(bytes, to: sender) }
      case .accepted, .connected, .received, .drained, .file, .closed, .timer, .stopping: break
      }
    }
  }

  /// Sets a timer for the moment it is set at.
  private struct Spinner: Participant {
    enum Timer: UInt8, TimerPurpose {
      case next
    }

    mutating func handle(_ input: Input, _ turn: inout Turn) {
      turn.setTimer(Timer.next, at: turn.now)
    }
  }

  private func simulate(
    _ make: @escaping @Sendable (ParticipantSettings) -> any Participant
  ) -> Simulation.Outcome {
    let roles = [("first", SeedListUse.listed), ("second", .reads)].map { name, use in
      Role(
        network: "storm", name: name, summary: "", options: [], transports: .datagram,
        seedList: use, make: make)
    }
    let plan = Plan(
      network: "storm", seed: 1,
      nodes: [
        PlannedNode(name: "first-1", group: "first", role: "storm-first"),
        PlannedNode(name: "second-1", group: "second", role: "storm-second", after: "first"),
      ], faults: [], stopAt: .seconds(60))
    return Simulation(plan: plan, roles: roles, version: "test", sink: Recording()).run()
  }

  @Test("a network in which each message brings about two ends, failed, and says why")
  func storm() {
    let outcome = simulate { Echo(answers: 2, others: $0.seeds) }
    #expect(outcome.conclusion.outcome == .failed)
    #expect(outcome.conclusion.reason.contains("storms"), "\(outcome.conclusion.reason)")
    #expect(outcome.happenings < 10 * Simulation.stormLimit)
    #expect(outcome.lasted < .seconds(5))
  }

  @Test("a timer that is set for its own moment is a storm, too")
  func spinning() {
    let outcome = simulate { _ in Spinner() }
    #expect(outcome.conclusion.outcome == .failed)
    #expect(outcome.conclusion.reason.contains("storms"), "\(outcome.conclusion.reason)")
  }

  @Test("a network in which each message brings about one runs to its end")
  func calm() {
    let outcome = simulate { Echo(answers: 1, others: $0.seeds) }
    #expect(outcome.conclusion.outcome == .completed, "\(outcome.conclusion.reason)")
    #expect(outcome.happenings > 10_000)
  }
}
