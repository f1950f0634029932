package import Wire

/// What a node wants of those closest to a key: the value of a request with the command `peers`.
package struct PeerRequest: Equatable, Sendable {
  package static let command = "peers"

  package enum Kind: UInt64, Sendable {
    case lookup = 0
    case announce
    case unannounce

    package var name: String {
      switch self {
      case .lookup: "lookup"
      case .announce: "announce"
      case .unannounce: "unannounce"
      }
    }
  }

  package var kind: Kind
  /// In place of the sender's own; `nil` or 0: that one.
  package var port: UInt16?
  /// The sender's address in its own network, encoded for IPv4.
  package var localAddress: [UInt8]?

  package init(_ kind: Kind, port: UInt16? = nil, localAddress: [UInt8]? = nil) {
    self.kind = kind
    self.port = port
    self.localAddress = localAddress
  }

  /// As the original for Node.js does, it takes any kind that it does not know for a lookup, and
  /// does without a local address that is none.
  ///
  /// - Throws: for bytes that are no such message.
  package init(decoding bytes: [UInt8]) throws(WireError) {
    var reader = ProtobufReader(bytes)
    var kind: Kind?
    self.init(.lookup)
    while let (field, value) = try reader.next() {
      switch field {
      case 1:
        kind = Kind(rawValue: try value.number()) ?? .lookup
      case 2:
        port = UInt16(exactly: try value.number())
        guard port != nil else { throw WireError("a port is greater than 65535") }
      case 3:
        let bytes = try value.bytes()
        localAddress = bytes.count == IPEncoding.ipv4.size ? bytes : nil
      default: break
      }
    }
    guard let kind else { throw WireError("a request for peers without a kind") }
    self.kind = kind
  }

  package var encoded: [UInt8] {
    var writer = ProtobufWriter()
    writer.write(kind.rawValue, field: 1)
    if let port { writer.write(UInt64(port), field: 2) }
    writer.write(localAddress, field: 3)
    return writer.bytes
  }
}

/// Who announced a key.
package struct PeerResponse: Equatable, Sendable {
  /// Bytes of a local peer: the last two of its IPv4 address and its port.
  package static let localSize = 4

  /// Encoded addresses.
  package var peers: [UInt8]
  /// Of those in the asker's own network (the first two bytes of their local addresses are the same).
  package var localPeers: [UInt8]

  package init(peers: [UInt8], localPeers: [UInt8]) {
    self.peers = peers
    self.localPeers = localPeers
  }

  /// - Throws: why it is no such answer. Fields that are not known are passed over.
  package init(decoding bytes: [UInt8]) throws(WireError) {
    var reader = ProtobufReader(bytes)
    self.init(peers: [], localPeers: [])
    while let (field, value) = try reader.next() {
      switch field {
      case 1: peers = try value.bytes()
      case 2: localPeers = try value.bytes()
      default: break
      }
    }
    guard localPeers.count.isMultiple(of: Self.localSize) else {
      throw WireError("a list's length is no multiple of \(Self.localSize)")
    }
  }

  package var encoded: [UInt8] {
    var writer = ProtobufWriter()
    if !peers.isEmpty { writer.write(peers, field: 1) }
    if !localPeers.isEmpty { writer.write(localPeers, field: 2) }
    return writer.bytes
  }
}
