/// A message of kPTP, and its exact bytes.
///
/// A header of 32 bits, big-endian: version 18 in 5 bits, type in 8, number of peers in 5, length of
/// the name in 14. Then the name, and 6 bytes for each peer: its IPv4 address and its port. Source:
/// what the original program was captured sending (fixtures in `Tests/KPTPTests`).
package struct KPTPMessage: Equatable, Sendable {
  package enum Kind: UInt8, Sendable {
    /// The table, sent at once to who asked for it.
    case bootstrapReply = 1
    /// The table, sent to a client a while after it connected. As a first word: an original's hello.
    case welcome = 2
    case hello = 4
    case heartbeat = 6
    case bootstrapRequest = 7
    case heartbeatResponse = 8
    // Not the original's, which passes them over: a payload stands in the place of the name.
    case store = 9
    case stored = 10
    case find = 11
    case found = 12
  }

  package static let version: UInt32 = 18
  package static let headerSize = 4
  package static let peerSize = 6
  /// What fits into 5 bits. The original lets more overflow into the type.
  package static let mostPeers = 31
  /// What fits into 14 bits, in bytes.
  package static let longestName = 16_383
  /// In bytes.
  package static let longest = headerSize + longestName + mostPeers * peerSize

  /// As it is on the wire: one that is no ``Kind`` is passed over.
  package var type: UInt8
  /// The sender's name in UTF-8, or a payload.
  package var name: [UInt8]
  package var peers: [Endpoint]

  package init(type: UInt8, name: [UInt8], peers: [Endpoint] = []) {
    self.type = type
    self.name = name
    self.peers = peers
  }

  package init(_ kind: Kind, name: [UInt8], peers: [Endpoint] = []) {
    self.init(type: kind.rawValue, name: name, peers: peers)
  }

  package var kind: Kind? { Kind(rawValue: type) }

  /// The message's bytes. Names and lists that are too long for their fields are cut.
  package var encoded: [UInt8] {
    let name = name.prefix(Self.longestName)
    let peers = peers.prefix(Self.mostPeers)
    let header =
      Self.version << 27 | UInt32(type) << 19 | UInt32(peers.count) << 14 | UInt32(name.count)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.headerSize + name.count + peers.count * Self.peerSize)
    for shift in stride(from: 24, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: header >> UInt32(shift)))
    }
    bytes += name
    for peer in peers {
      for shift in stride(from: 24, through: 0, by: -8) {
        bytes.append(UInt8(truncatingIfNeeded: peer.ip >> UInt32(shift)))
      }
      bytes.append(UInt8(peer.port >> 8))
      bytes.append(UInt8(peer.port & 0xff))
    }
    return bytes
  }
}

/// Reads messages from a stream, however TCP cut it.
///
/// Nothing marks where a message begins, so what follows bytes that are none cannot be read either.
package struct KPTPReader {
  /// Less than ``KPTPMessage/longest``.
  private var buffer: [UInt8] = []
  /// Whether the stream has made no sense: it is no longer read.
  package private(set) var isBroken = false

  package init() {}

  /// Takes bytes; returns the messages that are now whole.
  package mutating func read(_ bytes: [UInt8]) -> [KPTPMessage] {
    guard !isBroken else { return [] }
    buffer += bytes
    var messages: [KPTPMessage] = []
    var start = 0
    while let (message, length) = message(at: start) {
      messages.append(message)
      start += length
    }
    buffer.removeFirst(start)
    if isBroken { buffer = [] }
    return messages
  }

  /// The message that begins there, if it is whole. A wrong version is seen in the first byte.
  private mutating func message(at start: Int) -> (KPTPMessage, length: Int)? {
    guard start < buffer.count else { return nil }
    guard UInt32(buffer[start] >> 3) == KPTPMessage.version else {
      isBroken = true
      return nil
    }
    let rest = buffer.count - start
    guard rest >= KPTPMessage.headerSize else { return nil }
    let header = buffer[start..<(start + KPTPMessage.headerSize)].reduce(UInt32(0)) {
      $0 << 8 | UInt32($1)
    }
    let peerCount = Int(header >> 14 & 0x1f)
    let nameLength = Int(header & 0x3fff)
    let length =
      KPTPMessage.headerSize + nameLength + peerCount * KPTPMessage.peerSize
    guard rest >= length else { return nil }
    let nameStart = start + KPTPMessage.headerSize
    let peersStart = nameStart + nameLength
    let peers = (0..<peerCount).map { index in
      endpoint(at: peersStart + index * KPTPMessage.peerSize)
    }
    let message = KPTPMessage(
      type: UInt8(truncatingIfNeeded: header >> 19),
      name: Array(buffer[nameStart..<peersStart]), peers: peers)
    return (message, length)
  }

  private func endpoint(at start: Int) -> Endpoint {
    Endpoint(
      ip: buffer[start..<(start + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) },
      port: UInt16(buffer[start + 4]) << 8 | UInt16(buffer[start + 5]))
  }
}
