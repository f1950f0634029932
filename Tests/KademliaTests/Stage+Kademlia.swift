import Kademlia
import ParticipantTesting
import Participants
import Testing
import Wire

extension Stage {
  static let own = Address(host: "10.1.1.1", port: 4_000)

  init(_ options: [String: OptionValue] = [:]) {
    self.init(KademliaRoles.node, at: Self.own, options)
  }

  /// The requests to an address since the last look.
  mutating func requests(to address: Address) -> [(id: NodeID, call: RPCCall)] {
    takeSent(to: address) { bytes in
      guard case .request(let id, let call) = try? RPCMessage(decoding: bytes) else { return nil }
      return (id, call)
    }
  }

  /// The first of them.
  mutating func request(to address: Address) throws -> (id: NodeID, call: RPCCall) {
    let requests = requests(to: address)
    return try #require(requests.first)
  }

  /// Asks the node something, and returns the result.
  mutating func ask(_ call: RPCCall, from address: Address) -> RPCResult? {
    var random = SeededGenerator(seed: nextNumber(), stream: "message")
    let message = NodeID.random(using: &random)
    handle(.datagram(from: address, RPCMessage.request(message, call).encoded))
    return takeSent(to: address) { bytes -> RPCResult? in
      guard case .response(message, let result) = try? RPCMessage(decoding: bytes) else {
        return nil
      }
      return result
    }.first
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

  /// Somebody with a random ID at an address of their own.
  static func contact(_ number: Int) -> NamedContact {
    var random = SeededGenerator(seed: UInt64(number), stream: "contact")
    return NamedContact(
      id: .random(using: &random), address: Address(host: "10.2.0.\(number)", port: 4_000))
  }
}
