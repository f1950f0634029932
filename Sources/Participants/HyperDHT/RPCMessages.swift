package import Participants
package import Wire

/// A node of the network: its ID and where it is.
package struct Contact: Hashable, Sendable {
  /// Bytes of an ID, and of what is looked for.
  package static let idSize = 32

  package let id: [UInt8]
  package let address: Address

  package init(id: [UInt8], address: Address) {
    self.id = id
    self.address = address
  }
}

/// What a node asks of another.
package struct RPCRequest: Equatable, Sendable {
  package static let ping = "_ping"
  package static let findNode = "_find_node"
  /// The longest command, in bytes of UTF-8.
  package static let longestCommand = 64
  /// The longest token of another node's.
  package static let longestToken = 256

  package var command: String
  /// The asker's; `nil`: it does not want to be known.
  package var id: [UInt8]?
  package var target: [UInt8]?
  /// Whom to pass the request on to, as an encoded address.
  package var forwardRequest: [UInt8]?
  /// Whom to answer instead of the sender, as an encoded address.
  package var forwardResponse: [UInt8]?
  package var token: [UInt8]?
  package var value: [UInt8]?

  package init(
    command: String, id: [UInt8]? = nil, target: [UInt8]? = nil, forwardRequest: [UInt8]? = nil,
    token: [UInt8]? = nil, value: [UInt8]? = nil
  ) {
    self.command = command
    self.id = id
    self.target = target
    self.forwardRequest = forwardRequest
    self.token = token
    self.value = value
  }

  /// - Throws: why it is no such message. Fields that are not known are passed over.
  package init(decoding payload: [UInt8]) throws(WireError) {
    var reader = ProtobufReader(payload)
    var command: String?
    self.init(command: "")
    while let (field, value) = try reader.next() {
      switch field {
      case 1:
        let bytes = try value.bytes(atMost: Self.longestCommand)
        guard let text = String(validating: bytes, as: UTF8.self) else {
          throw WireError("a command is no text")
        }
        command = text
      case 2: id = try value.id()
      case 3: target = try value.id()
      case 4: forwardRequest = try value.bytes()
      case 5: forwardResponse = try value.bytes()
      case 6:
        let bytes = try value.bytes()
        token = bytes.count <= Self.longestToken ? bytes : nil
      case 7: self.value = try value.bytes()
      default: break
      }
    }
    guard let command else { throw WireError("a request without a command") }
    self.command = command
    guard command == Self.ping || (forwardRequest == nil && forwardResponse == nil) else {
      throw WireError("only a ping can be forwarded")
    }
    guard forwardRequest == nil || forwardResponse == nil else {
      throw WireError("a request forwarded twice")
    }
  }

  package var encoded: [UInt8] {
    var writer = ProtobufWriter()
    writer.write(Array(command.utf8), field: 1)
    writer.write(id, field: 2)
    writer.write(target, field: 3)
    writer.write(forwardRequest, field: 4)
    writer.write(forwardResponse, field: 5)
    writer.write(token, field: 6)
    writer.write(value, field: 7)
    return writer.bytes
  }
}

/// What a node answers.
package struct RPCResponse: Equatable, Sendable {
  package var id: [UInt8]?
  /// Encoded nodes.
  package var nodes: [UInt8]?
  package var value: [UInt8]?
  package var token: [UInt8]?

  package init(
    id: [UInt8]? = nil, nodes: [UInt8]? = nil, value: [UInt8]? = nil, token: [UInt8]? = nil
  ) {
    self.id = id
    self.nodes = nodes
    self.value = value
    self.token = token
  }

  /// - Throws: why it is no such message. Fields that are not known are passed over.
  package init(decoding payload: [UInt8]) throws(WireError) {
    var reader = ProtobufReader(payload)
    self.init()
    while let (field, value) = try reader.next() {
      switch field {
      case 1: id = try value.id()
      case 2: nodes = try value.bytes()
      case 3: self.value = try value.bytes()
      case 4: token = try value.bytes(atMost: RPCRequest.longestToken)
      default: break
      }
    }
  }

  package var encoded: [UInt8] {
    var writer = ProtobufWriter()
    writer.write(id, field: 1)
    writer.write(nodes, field: 2)
    writer.write(value, field: 3)
    writer.write(token, field: 4)
    return writer.bytes
  }
}

extension ProtobufReader.Value {
  func bytes() throws(WireError) -> [UInt8] {
    guard case .bytes(let bytes) = self else { throw WireError("a field is of another type") }
    return Array(bytes)
  }

  func bytes(atMost most: Int) throws(WireError) -> [UInt8] {
    let bytes = try bytes()
    guard bytes.count <= most else { throw WireError("a field is longer than \(most) bytes") }
    return bytes
  }

  /// `nil` for one of another length: it counts as not said, as with the originals.
  func id() throws(WireError) -> [UInt8]? {
    let bytes = try bytes()
    return bytes.count == Contact.idSize ? bytes : nil
  }

  func number() throws(WireError) -> UInt64 {
    guard case .number(let number) = self else { throw WireError("a field is of another type") }
    return number
  }
}
