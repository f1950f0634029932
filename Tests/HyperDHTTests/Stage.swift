import HyperDHT
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
  private var lastNumber: UInt16 = 0

  private(set) var now = Instant(microseconds: 1_795_000_000_000_000)
  private(set) var events: [Event] = []
  /// Datagrams that were sent and not looked at.
  private(set) var sent: [(bytes: [UInt8], to: Address)] = []

  init(_ role: Role = HyperDHTRoles.bootstrap, _ options: [String: OptionValue] = [:]) {
    let values = OptionValues(role.options, given: options)
    participant = role.make(ParticipantSettings(options: values, seeds: []))
    handle(.started(listening: Address(host: "10.1.1.1", port: 4_000)))
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
  mutating func requests(to address: Address) -> [(number: UInt16, request: RPCRequest)] {
    take(to: address) { bytes in
      bytes[0] >= 0x80 ? try? RPCRequest(decoding: Array(bytes.dropFirst(2))) : nil
    }.map { (number: $0.number, request: $0.message) }
  }

  /// The responses to an address since the last look.
  mutating func responses(to address: Address) -> [(number: UInt16, response: RPCResponse)] {
    take(to: address) { bytes in
      bytes[0] < 0x80 ? try? RPCResponse(decoding: Array(bytes.dropFirst(2))) : nil
    }.map { (number: $0.number, response: $0.message) }
  }

  private mutating func take<Message>(
    to address: Address, _ read: ([UInt8]) -> Message?
  ) -> [(number: UInt16, message: Message)] {
    var taken: [(number: UInt16, message: Message)] = []
    sent.removeAll { datagram in
      guard datagram.to == address, let message = read(datagram.bytes) else { return false }
      taken.append((UInt16(datagram.bytes[0] & 0x7f) << 8 | UInt16(datagram.bytes[1]), message))
      return true
    }
    return taken
  }

  /// Asks the node something whose response nobody looks at.
  mutating func send(_ request: RPCRequest, from address: Address) {
    handle(
      .datagram(from: address, UDPHeader(isRequest: true, number: 1).datagram(request.encoded)))
    sent.removeAll()
  }

  /// Asks the node something, and returns its response.
  mutating func ask(_ request: RPCRequest, from address: Address) -> RPCResponse? {
    lastNumber += 1
    let header = UDPHeader(isRequest: true, number: lastNumber)
    handle(.datagram(from: address, header.datagram(request.encoded)))
    return responses(to: address).first { $0.number == lastNumber }?.response
  }

  mutating func respond(_ response: RPCResponse, to number: UInt16, from address: Address) {
    let header = UDPHeader(isRequest: false, number: number)
    handle(.datagram(from: address, header.datagram(response.encoded)))
  }

  /// A node that is there answers everything that it was sent.
  mutating func answer(as contact: Contact, naming others: [Contact] = [], value: [UInt8]? = nil) {
    let nodes = others.flatMap { IPEncoding.ipv4.encode($0) ?? [] }
    for (number, request) in requests(to: contact.address) {
      let token: [UInt8]? = request.command.hasPrefix("_") ? nil : contact.id
      respond(
        RPCResponse(id: contact.id, nodes: nodes, value: value, token: token), to: number,
        from: contact.address)
    }
  }

  /// Somebody asks, is pinged, and answers: a contact.
  mutating func introduce(_ contact: Contact) {
    _ = ask(RPCRequest(command: RPCRequest.ping, id: contact.id), from: contact.address)
    answer(as: contact)
  }

  /// The nodes that the node names.
  mutating func nodes(closeTo target: [UInt8]) throws -> [Contact] {
    let asker = Address(host: "10.9.9.9", port: 1)
    let response = ask(RPCRequest(command: RPCRequest.findNode, target: target), from: asker)
    return try IPEncoding.ipv4.decodeNodes(response?.nodes ?? [])
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
  static func contact(_ number: Int) -> Contact {
    var random = SeededGenerator(seed: UInt64(number), stream: "contact")
    return Contact(
      id: .random(32, using: &random), address: Address(host: "10.2.0.\(number)", port: 4_000))
  }
}
