package import Participants
package import Wire

/// A datagram of the network: one request or one response of rpcudp 5.0.1.
///
/// A byte that tells them apart, 20 random bytes that the response repeats, then MessagePack: a
/// request's name and arguments, or a response's result.
package enum RPCMessage: Equatable, Sendable {
  case request(MessageID, RPCCall)
  /// What the result means depends on the request: ``RPCCall``.
  case response(MessageID, RPCResult)

  /// The greatest datagram that is sent, in bytes. rpcudp refuses to send more.
  package static let longest = 8_192

  /// A request's 20 random bytes.
  package typealias MessageID = NodeID

  private static let limits = MessagePack.Limits(depth: 8, values: 1_024)

  package var encoded: [UInt8] {
    // A list of twenty contacts fits.
    var writer = ByteWriter(capacity: 1_024)
    switch self {
    case .request(let id, let call):
      writer.write(0)
      id.write(to: &writer)
      MessagePack.array([.text(call.name), .array(call.arguments)]).write(to: &writer)
    case .response(let id, let result):
      writer.write(1)
      id.write(to: &writer)
      result.write(to: &writer)
    }
    return writer.bytes
  }

  /// - Throws: why it is no such message, or one beyond the limits.
  package init(decoding datagram: [UInt8]) throws(WireError) {
    guard datagram.count <= Self.longest else { throw WireError("longer than 8 KiB") }
    var reader = ByteReader(datagram)
    let mark = try reader.byte()
    let id = try NodeID(from: &reader)
    switch mark {
    case 0: self = .request(id, try RPCCall(MessagePack(from: &reader, limits: Self.limits)))
    case 1: self = .response(id, try RPCResult(from: &reader, limits: Self.limits))
    default: throw WireError("neither request nor response")
    }
    guard reader.remaining == 0 else { throw WireError("bytes follow the message") }
  }
}

/// What is asked of a node. The asker says its ID.
package enum RPCCall: Equatable, Sendable {
  /// The result is the responder's ID.
  case ping(sender: NodeID)
  /// The result is a list of contacts close to the key, as ``RPCResult`` reads it.
  case findNode(sender: NodeID, key: NodeID)
  /// The result is a map with the value, or as of `find_node`.
  case findValue(sender: NodeID, key: NodeID)
  /// The result is whether the value was taken.
  case store(sender: NodeID, key: NodeID, value: MessagePack)

  package var name: String {
    switch self {
    case .ping: "ping"
    case .findNode: "find_node"
    case .findValue: "find_value"
    case .store: "store"
    }
  }

  package var sender: NodeID {
    switch self {
    case .ping(let sender), .findNode(let sender, _), .findValue(let sender, _),
      .store(let sender, _, _):
      sender
    }
  }

  fileprivate var arguments: [MessagePack] {
    switch self {
    case .ping(let sender): [.binary(sender.bytes)]
    case .findNode(let sender, let key), .findValue(let sender, let key):
      [.binary(sender.bytes), .binary(key.bytes)]
    case .store(let sender, let key, let value):
      [.binary(sender.bytes), .binary(key.bytes), value]
    }
  }

  fileprivate init(_ body: MessagePack) throws(WireError) {
    guard case .array(let parts) = body, parts.count == 2, case .text(let name) = parts[0],
      case .array(let arguments) = parts[1]
    else { throw WireError("not a name with arguments") }
    let ids = arguments.prefix(2).compactMap(NodeID.init(asked:))
    switch (name, arguments.count, ids.count) {
    case ("ping", 1, 1): self = .ping(sender: ids[0])
    case ("find_node", 2, 2): self = .findNode(sender: ids[0], key: ids[1])
    case ("find_value", 2, 2): self = .findValue(sender: ids[0], key: ids[1])
    case ("store", 3, 2): self = .store(sender: ids[0], key: ids[1], value: arguments[2])
    case ("ping", _, _), ("find_node", _, _), ("find_value", _, _), ("store", _, _):
      throw WireError("wrong arguments")
    default: throw WireError("an unknown call")
    }
  }
}

/// A contact as nodes tell each other: nothing proves it yet.
package struct NamedContact: Hashable, Sendable {
  package var id: NodeID
  package var address: Address

  package init(id: NodeID, address: Address) {
    self.id = id
    self.address = address
  }

  /// As MessagePack, `[ID, host, port]`.
  fileprivate func write(to writer: inout ByteWriter) {
    MessagePack.writeArray(of: 3, to: &writer)
    writer.write([0xc4, UInt8(NodeID.size)])
    id.write(to: &writer)
    MessagePack.text(address.host).write(to: &writer)
    MessagePack.integer(Int64(address.port)).write(to: &writer)
  }

  /// `nil`: it cannot be reached.
  fileprivate static func read(from reader: inout ByteReader) throws(WireError) -> NamedContact? {
    guard try reader.arrayCount() == 3, let id = NodeID(try reader.binary()) else {
      throw WireError("not a contact")
    }
    let host = try reader.text()
    guard let port = UInt16(exactly: try reader.wholeNumber()), port > 0 else { return nil }
    return Address(host: host, port: port).map { NamedContact(id: id, address: $0) }
  }
}

/// The result of a request. Lists of contacts are most of what travels: they have a case of their own.
package enum RPCResult: Equatable, Sendable {
  case contacts([NamedContact])
  case other(MessagePack)

  /// Contacts of an answer that are read, at most.
  static let longestAnswer = 64

  /// The answer that is a value.
  package static func value(_ value: MessagePack) -> RPCResult {
    .other(.map([MessagePack.Member(.text("value"), value)]))
  }

  /// The value of an answer that has one.
  package var value: MessagePack? {
    guard case .other(let result) = self else { return nil }
    return result["value"]
  }

  /// The ID of an answer to a ping.
  package var id: NodeID? {
    guard case .other(let result) = self else { return nil }
    return NodeID(packed: result)
  }

  fileprivate func write(to writer: inout ByteWriter) {
    switch self {
    case .contacts(let contacts):
      MessagePack.writeArray(of: contacts.count, to: &writer)
      for contact in contacts { contact.write(to: &writer) }
    case .other(let result):
      result.write(to: &writer)
    }
  }

  /// Contacts that cannot be reached are left out; a list of anything else is refused.
  fileprivate init(from reader: inout ByteReader, limits: MessagePack.Limits) throws(WireError) {
    var list = reader
    guard let count = try? list.arrayCount() else {
      self = .other(try MessagePack(from: &reader, limits: limits))
      return
    }
    guard count <= Self.longestAnswer else {
      throw WireError("more than \(Self.longestAnswer) contacts")
    }
    reader = list
    var contacts: [NamedContact] = []
    for _ in 0..<count {
      if let contact = try NamedContact.read(from: &reader) { contacts.append(contact) }
    }
    self = .contacts(contacts)
  }
}

extension NodeID {
  /// As a request has it: the original takes it for a number, which may have fewer bytes.
  fileprivate init?(asked value: MessagePack) {
    guard case .binary(let bytes) = value, (1...Self.size).contains(bytes.count) else { return nil }
    self.init([UInt8](repeating: 0, count: Self.size - bytes.count) + bytes)
  }

  /// 20 bytes of binary data.
  init?(packed value: MessagePack) {
    guard case .binary(let bytes) = value else { return nil }
    self.init(bytes)
  }
}
