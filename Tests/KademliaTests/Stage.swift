import Kademlia
import Participants
import Testing
import Wire

/// One node in virtual time, and a test that plays everybody else, datagram by datagram.
struct Stage {
  private var participant: any Participant
  private var random = SeededGenerator(seed: 1)
  private var effects = Effects()
  private var timers: [TimerKey: (at: Instant, order: Int)] = [:]
  private var order = 0

  static let own = Address(host: "10.1.1.1", port: 4_000)

  private(set) var now = Instant(microseconds: 1_795_000_000_000_000)
  private(set) var events: [Event] = []
  /// Datagrams that were sent and not looked at.
  private(set) var sent: [(bytes: [UInt8], to: Address)] = []

  init(_ options: [String: OptionValue] = [:]) {
    let role = KademliaRoles.node
    let values = OptionValues(role.options, given: options)
    participant = role.make(ParticipantSettings(options: values, seeds: []))
    handle(.started(listening: Self.own))
  }

  mutating func handle(_ input: Input) {
    participant.handle(input, at: now, using: &random, emit: &effects)
    var emitted: [Effect] = []
    effects.drain { emitted.append($0) }
    for effect in emitted {
      switch effect {
      case .send(let bytes, let address): sent.append((bytes, address))
      case .setTimer(let key, let instant):
        order += 1
        timers[key] = (instant, order)
      case .cancelTimer(let key): timers[key] = nil
      case .log(let event): events.append(event)
      case .connect, .write, .close, .awaitDrain, .file, .finish: Issue.record("\(effect)")
      }
    }
  }

  func logged(_ kind: EventKind) -> [Event] { events.filter { $0.kind == kind.name } }

  /// The requests to an address since the last look.
  mutating func requests(to address: Address) -> [(id: NodeID, call: RPCCall)] {
    let requests = sent.filter { $0.to == address }.compactMap {
      (bytes, _) -> (id: NodeID, call: RPCCall)? in
      guard case .request(let id, let call) = try? RPCMessage(decoding: bytes) else { return nil }
      return (id, call)
    }
    sent.removeAll { $0.to == address && $0.bytes.first == 0 }
    return requests
  }

  /// The first of them.
  mutating func request(to address: Address) throws -> (id: NodeID, call: RPCCall) {
    let requests = requests(to: address)
    return try #require(requests.first)
  }

  /// Asks the node something, and returns the result.
  mutating func ask(_ call: RPCCall, from address: Address) -> RPCResult? {
    let message = NodeID.random(using: &random)
    handle(.datagram(from: address, RPCMessage.request(message, call).encoded))
    for (place, datagram) in sent.enumerated() where datagram.to == address {
      guard case .response(message, let result) = try? RPCMessage(decoding: datagram.bytes) else {
        continue
      }
      sent.remove(at: place)
      return result
    }
    return nil
  }

  mutating func respond(_ result: RPCResult, to id: NodeID, from address: Address) {
    handle(.datagram(from: address, RPCMessage.response(id, result).encoded))
  }

  /// Somebody asks, is pinged, and answers: a contact. It knows nobody.
  mutating func introduce(_ contact: NamedContact) {
    _ = ask(.ping(sender: contact.id), from: contact.address)
    answer(as: contact)
  }

  /// A node that is there answers everything that it was sent.
  mutating func answer(
    as contact: NamedContact, naming others: [NamedContact] = [], value: MessagePack? = nil
  ) {
    for (id, call) in requests(to: contact.address) {
      let result: RPCResult =
        switch call {
        case .ping: .other(.binary(contact.id.bytes))
        case .findNode: .contacts(others)
        case .findValue: value.map(RPCResult.value) ?? .contacts(others)
        case .store: .other(.flag(true))
        }
      respond(result, to: id, from: contact.address)
    }
  }

  /// Lets time pass and fires what is due, in order.
  mutating func wait(_ duration: Microseconds) {
    let end = now + duration
    while let (key, due) = timers.min(by: {
      ($0.value.at, $0.value.order) < ($1.value.at, $1.value.order)
    }), due.at <= end {
      timers[key] = nil
      now = max(now, due.at)
      handle(.timer(key))
    }
    now = end
  }

  /// Somebody with a random ID at an address of their own.
  static func contact(_ number: Int) -> NamedContact {
    var random = SeededGenerator(seed: UInt64(number), stream: "contact")
    return NamedContact(
      id: .random(using: &random), address: Address(host: "10.2.0.\(number)", port: 4_000))
  }
}
