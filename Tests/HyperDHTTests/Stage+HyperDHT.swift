import HyperDHT
import ParticipantTesting
import Participants
import Testing
import Wire

extension Stage {
  init(_ role: Role = HyperDHTRoles.bootstrap, _ options: [String: OptionValue] = [:]) {
    self.init(role, at: Address(host: "10.1.1.1", port: 4_000), options)
  }

  /// The requests to an address since the last look.
  mutating func requests(to address: Address) -> [(number: UInt16, request: RPCRequest)] {
    takeSent(to: address) { bytes in
      guard bytes[0] >= 0x80, let request = try? RPCRequest(decoding: Array(bytes.dropFirst(2)))
      else { return nil }
      return (Self.number(of: bytes), request)
    }
  }

  /// The responses to an address since the last look.
  mutating func responses(to address: Address) -> [(number: UInt16, response: RPCResponse)] {
    takeSent(to: address) { bytes in
      guard bytes[0] < 0x80, let response = try? RPCResponse(decoding: Array(bytes.dropFirst(2)))
      else { return nil }
      return (Self.number(of: bytes), response)
    }
  }

  private static func number(of datagram: [UInt8]) -> UInt16 {
    UInt16(datagram[0] & 0x7f) << 8 | UInt16(datagram[1])
  }

  /// Asks the node something whose response nobody looks at.
  mutating func send(_ request: RPCRequest, from address: Address) {
    handle(
      .datagram(from: address, UDPHeader(isRequest: true, number: 1).datagram(request.encoded)))
    _ = takeSent(to: address) { $0 }
  }

  /// Asks the node something, and returns its response.
  mutating func ask(_ request: RPCRequest, from address: Address) -> RPCResponse? {
    let number = UInt16(nextNumber())
    let header = UDPHeader(isRequest: true, number: number)
    handle(.datagram(from: address, header.datagram(request.encoded)))
    return responses(to: address).first { $0.number == number }?.response
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

  /// Somebody with a random ID at an address of their own.
  static func contact(_ number: Int) -> Contact {
    var random = SeededGenerator(seed: UInt64(number), stream: "contact")
    return Contact(
      id: .random(32, using: &random), address: Address(host: "10.2.0.\(number)", port: 4_000))
  }
}
