package import Participants
import Testing

/// One participant in virtual time, and a test that plays everybody else: connection by connection,
/// or datagram by datagram.
package struct Stage {
  private var participant: any Participant
  private var turn = Turn(
    at: Instant(microseconds: 1_795_000_000_000_000), random: SeededGenerator(seed: 1))
  private var timers: [TimerKey: (at: Instant, order: Int)] = [:]
  private var written: [ConnectionID: [UInt8]] = [:]
  private var order = 0
  private let isForDatagramsOnly: Bool
  private var lastNumber: UInt64 = 0

  package var now: Instant { turn.now }
  package private(set) var events: [Event] = []
  /// Every connection that the participant asked for, oldest first.
  package private(set) var dials: [(id: ConnectionID, to: Address, from: LocalPort)] = []
  /// The connections that the participant closed.
  package private(set) var closed: Set<ConnectionID> = []

  /// Datagrams that were sent and not looked at.
  package private(set) var sent: [(bytes: [UInt8], to: Address)] = []

  /// Whether the participant said that it has done its work.
  package private(set) var isFinished = false
  /// Why the participant said that it cannot do its work.
  package private(set) var failure: Failure?
  /// The connections of which the participant wants to know when everything has left.
  package private(set) var draining: Set<ConnectionID> = []

  /// What the participant wants read and written, and was not answered.
  package private(set) var requests: [(key: FileKey, request: FileRequest)] = []

  package init(
    _ role: Role, at own: Address, seeds: [Address] = [], _ options: [String: OptionValue] = [:]
  ) {
    let values = OptionValues(role.options, given: options)
    isForDatagramsOnly = role.transports == .datagram
    participant = role.make(ParticipantSettings(options: values, seeds: seeds))
    handle(.started(listening: own))
  }

  package mutating func handle(_ input: Input) {
    participant.handle(input, &turn)
    var emitted: [Effect] = []
    turn.drain { emitted.append($0) }
    for effect in emitted { perform(effect) }
  }

  /// Somebody dials the participant.
  package mutating func accept(
    from source: Address = Address(host: "127.0.0.1", port: 1)
  ) -> ConnectionID {
    let id = turn.nextConnection()
    handle(.accepted(id, from: source))
    return id
  }

  package mutating func say(_ bytes: [UInt8], on id: ConnectionID) { handle(.received(id, bytes)) }

  /// Everything that was written to a connection has left.
  package mutating func drain(_ id: ConnectionID) {
    guard draining.remove(id) != nil else { return }
    handle(.drained(id))
  }

  /// Takes the oldest request to read or write a file.
  package mutating func takeRequest() -> (key: FileKey, request: FileRequest)? {
    requests.isEmpty ? nil : requests.removeFirst()
  }

  /// Takes what can be read of the datagrams to an address since the last look.
  package mutating func takeSent<Message>(
    to address: Address, _ read: ([UInt8]) -> Message?
  ) -> [Message] {
    var taken: [Message] = []
    sent.removeAll { datagram in
      guard datagram.to == address, let message = read(datagram.bytes) else { return false }
      taken.append(message)
      return true
    }
    return taken
  }

  /// For a message of the test's own, from 1.
  package mutating func nextNumber() -> UInt64 {
    lastNumber += 1
    return lastNumber
  }

  /// Timers that are set.
  package var waiting: Int { timers.count }

  /// What was written since the last look.
  package mutating func heard(on id: ConnectionID) -> [UInt8] {
    written.removeValue(forKey: id) ?? []
  }

  /// The latest connection that the participant asked for to an address, if it is still open.
  package func dial(to address: Address) -> ConnectionID? {
    dials.last { $0.to == address }.flatMap { closed.contains($0.id) ? nil : $0.id }
  }

  package func logged(_ kind: EventKind) -> [Event] { events.filter { $0.kind == kind.name } }

  /// Lets time pass and fires what is due, in order.
  package mutating func wait(_ duration: Microseconds) {
    let end = now + duration
    while let (key, due) = timers.min(by: {
      ($0.value.at, $0.value.order) < ($1.value.at, $1.value.order)
    }), due.at <= end {
      timers[key] = nil
      turn.now = max(now, due.at)
      handle(.timer(key))
    }
    turn.now = end
  }

  /// A node that speaks by datagrams alone has no use for anything else but timers and its log.
  private func expectNoConnections(_ effect: Effect) {
    switch effect {
    case .connect, .write, .close, .awaitDrain, .file, .finish, .fail: Issue.record("\(effect)")
    case .send, .setTimer, .cancelTimer, .log: break
    }
  }

  private mutating func perform(_ effect: Effect) {
    if isForDatagramsOnly { expectNoConnections(effect) }
    switch effect {
    case .connect(let id, let address, let port): dials.append((id, address, port))
    case .write(let id, let bytes): written[id, default: []] += bytes
    case .close(let id): closed.insert(id)
    case .setTimer(let key, let instant):
      order += 1
      timers[key] = (instant, order)
    case .cancelTimer(let key): timers[key] = nil
    case .log(let event): events.append(event)
    case .awaitDrain(let id): draining.insert(id)
    case .finish: isFinished = true
    case .fail(let reason): failure = reason
    case .file(let key, let request): requests.append((key, request))
    case .send(let bytes, let address): sent.append((bytes, address))
    }
  }
}
