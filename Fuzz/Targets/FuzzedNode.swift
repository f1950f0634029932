import Participants

/// A participant among strangers: everything that it asks for happens, and everybody says what the
/// input has. Its disk is empty, and takes what is written without keeping it.
struct FuzzedNode {
  /// Effects of one input, at most: a participant that asks for more does so without end.
  private static let mostEffects = 100_000
  /// Files that are read or written in a row without another input, at most.
  private static let mostAnswers = 10_000

  private var participant: any Participant
  private var turn = Turn(
    at: Instant(microseconds: 1_795_000_000_000_000), random: SeededGenerator(seed: 1))
  private var connections: [ConnectionID] = []
  private var timers: [TimerKey: Instant] = [:]
  /// Lines that were logged, by kind.
  private(set) var logged: [String: Int] = [:]
  private let stranger = NetworkSamples.stranger

  init(_ role: Role) {
    let known = role.options.map(\.name)
    let options = FuzzTargets.samples(of: role).options.filter { known.contains($0.key) }
    participant = role.make(
      ParticipantSettings(
        options: OptionValues(role.options, given: options),
        seeds: [stranger]))
    handle(.started(listening: Address(host: "127.0.0.1", port: 4_000)))
    _ = accept(from: stranger)
  }

  mutating func accept(from source: Address) -> ConnectionID {
    let caller = turn.nextConnection()
    connections.append(caller)
    handle(.accepted(caller, from: source))
    return caller
  }

  mutating func hangUp(_ id: ConnectionID) {
    guard let place = connections.firstIndex(of: id) else { return }
    connections.remove(at: place)
    handle(.closed(id, .ended))
  }

  func holds(_ id: ConnectionID) -> Bool { connections.contains(id) }

  mutating func take(_ input: Input) { handle(input) }

  /// Lets time pass; what is due by then fires.
  mutating func elapse(_ duration: Microseconds) {
    let end = turn.now + duration
    while let due = timers.values.min(), due <= end { wait() }
    turn.now = end
  }

  mutating func take(_ bytes: [UInt8], using choice: inout SeededGenerator) {
    let id = connections.randomElement(using: &choice)
    switch (choice.next() % 16, id) {
    case (0, let id?):
      connections.removeAll { $0 == id }
      handle(.closed(id, .reset))
    case (1, let id?): handle(.drained(id))
    case (2, _): handle(.datagram(from: stranger, bytes))
    case (3...5, _): wait()
    case (_, let id?): handle(.received(id, bytes))
    case (_, nil): _ = accept(from: stranger)
    }
  }

  /// Lets time pass until the next timer is due.
  private mutating func wait() {
    let next = timers.min { ($0.value, $0.key.subject) < ($1.value, $1.key.subject) }
    guard let (key, due) = next else { return }
    turn.now = max(turn.now, due)
    timers[key] = nil
    handle(.timer(key))
  }

  private mutating func handle(_ input: Input) {
    var answers: [Input] = []
    handle(input, &answers)
    var count = 0
    while !answers.isEmpty {
      count += 1
      precondition(count < Self.mostAnswers)
      handle(answers.removeFirst(), &answers)
    }
  }

  /// - Parameter answers: what the disk answers is added to them.
  private mutating func handle(_ input: Input, _ answers: inout [Input]) {
    participant.handle(input, &turn)
    var dialled: [ConnectionID] = []
    var count = 0
    turn.drain { effect in
      count += 1
      switch effect {
      case .connect(let id, _, _): dialled.append(id)
      case .close(let id): connections.removeAll { $0 == id }
      case .setTimer(let key, let instant): timers[key] = instant
      case .cancelTimer(let key): timers[key] = nil
      case .file(let key, .read): answers.append(.file(key, .bytes([])))
      case .file(let key, .write), .file(let key, .rename): answers.append(.file(key, .done))
      case .write, .send, .awaitDrain, .finish, .fail: break
      case .log(let event): logged[event.kind, default: 0] += 1
      }
    }
    precondition(count < Self.mostEffects)
    connections += dialled
    for id in dialled { handle(.connected(id), &answers) }
  }
}
