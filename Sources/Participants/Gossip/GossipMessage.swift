package import Participants

/// What travels on the gossip network, and its exact bytes.
///
/// Seed links carry bare text without length or terminator; peer links carry text padded with
/// spaces. Source: what the original program was seen to send (fixtures in `Tests/GossipTests`).
package enum GossipWire {
  /// Every padded message but the handshake, in bytes.
  package static let frame = 1024
  /// The handshake is this much longer than its host and port: the original pads the template and
  /// fills it in afterwards.
  package static let handshakeOverhead = 1018
  package static let space = UInt8(ascii: " ")

  package static let handshakePrefix = bytes("connected to peer:")
  package static let gossipPrefix = bytes("gossip message:")
  package static let requestPrefix = bytes("Liveness Request:")
  package static let replyPrefix = bytes("Liveness Reply:")
  package static let busyPrefix = bytes("PEER BUSY")
  package static let acknowledgement = bytes("forwarding")

  package static let welcomePrefix = bytes("welcome")
  package static let registerPrefix = bytes("register:")
  package static let registered = bytes("registered successfully")
  package static let listRequest = bytes("peer list")
  package static let listPrefix = bytes("peer list:")
  package static let reportPrefix = bytes("Dead Node:")

  private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  /// Pads a message to a length, the frame's unless told otherwise.
  package static func padded(_ text: String, to length: Int = frame) -> [UInt8] {
    padded(Array(text.utf8), to: length)
  }

  /// Pads bytes with spaces to a length. Those that are longer stay as they are.
  package static func padded(_ text: [UInt8], to length: Int = frame) -> [UInt8] {
    padded([], text, to: length)
  }

  private static func padded(_ prefix: [UInt8], _ text: [UInt8], to length: Int) -> [UInt8] {
    var message: [UInt8] = []
    message.reserveCapacity(length)
    message += prefix
    message += text
    message.append(contentsOf: repeatElement(space, count: max(0, length - message.count)))
    return message
  }

  // Seed links.
  /// What a seed says to whoever connects.
  package static func welcome(_ seed: Address) -> [UInt8] {
    Array("welcome connected to seed with address \(seed)".utf8)
  }

  /// A peer tells a seed where it listens.
  package static func register(_ peer: Address) -> [UInt8] {
    registerPrefix + peer.description.utf8
  }

  /// Peers as a seed lists them: `:HOST,PORT` each.
  package static func listEntries(_ peers: [Address]) -> [UInt8] {
    peers.reduce(into: []) { list, peer in
      list.append(UInt8(ascii: ":"))
      list += peer.host.utf8
      list.append(UInt8(ascii: ","))
      list += String(peer.port).utf8
    }
  }

  /// A peer tells a seed of a dead one.
  package static func report(dead: Address, at now: Instant, by reporter: Address) -> [UInt8] {
    padded("Dead Node:\(dead):\(timestamp(now)):\(reporter)")
  }

  // Peer links.
  /// What both sides of a link say first. It is as long as the original makes it.
  package static func handshake(_ own: Address) -> [UInt8] {
    padded(
      "connected to peer:\(own)",
      to: handshakeOverhead + own.host.utf8.count + String(own.port).utf8.count)
  }
  /// The 4 is the original's limit and part of the wire, whatever one's own: an original compares the
  /// whole text, and takes a connection on which it reads any other for a link.
  package static let busyFrame = padded("PEER BUSY,already,connected to 4 peers")
  package static let acknowledgementFrame = padded(acknowledgement)

  /// Asks a neighbour whether it is alive.
  ///
  /// - Parameter timestamp: comes back in the reply.
  package static func livenessRequest(_ timestamp: String, from own: Address) -> [UInt8] {
    padded("Liveness Request:\(timestamp):\(own)")
  }

  /// Answers such a question, with the words of its timestamp.
  package static func livenessReply(to timestamp: String, _ asker: Address, from own: Address)
    -> [UInt8]
  {
    padded("Liveness Reply:\(timestamp):\(asker):\(own)")
  }

  /// A text as it is passed on.
  package static func gossip(_ message: [UInt8]) -> [UInt8] {
    padded(gossipPrefix, message, to: frame)
  }

  /// Decimal seconds since the epoch with at least one and at most six digits of fraction.
  package static func timestamp(_ instant: Instant) -> String {
    let micros = instant.microseconds
    var fraction = String(1_000_000 + micros % 1_000_000).dropFirst()
    while fraction.count > 1, fraction.last == "0" { fraction.removeLast() }
    return "\(micros / 1_000_000).\(fraction)"
  }
}

/// Most of what travels is padding: it is looked at in blocks.
extension GossipWire {
  private static let block = 32

  /// Whether a block from `start` on is all spaces.
  private static func isBlank(_ stream: borrowing RawSpan, at start: Int) -> Bool {
    var difference: UInt64 = 0
    for offset in stride(from: start, to: start + block, by: 8) {
      let eight = unsafe stream.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
      difference |= eight ^ 0x2020_2020_2020_2020
    }
    return difference == 0
  }

  /// The first position from `start` on that holds no space, or the end.
  static func skipSpaces(_ stream: Span<UInt8>, from start: Int) -> Int {
    var position = start
    let bytes = unsafe stream.bytes
    while position + block <= stream.count, isBlank(bytes, at: position) { position += block }
    while position < stream.count, stream[position] == space { position += 1 }
    return position
  }

  /// The end of what stands before the spaces at the end.
  static func endWithoutSpaces(_ stream: Span<UInt8>) -> Int {
    var end = stream.count
    let bytes = unsafe stream.bytes
    while end >= block, isBlank(bytes, at: end - block) { end -= block }
    while end > 0, stream[end - 1] == space { end -= 1 }
    return end
  }

  static func copy(_ stream: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
    unsafe stream.extracting(range).withUnsafeBufferPointer { unsafe Array($0) }
  }

  static func begins(with prefix: [UInt8], _ stream: Span<UInt8>, at start: Int) -> Bool {
    guard stream.count - start >= prefix.count else { return false }
    for index in prefix.indices where stream[start + index] != prefix[index] { return false }
    return true
  }
}

/// A message on a link between two peers, as read.
package enum PeerLinkMessage: Equatable {
  case handshake(Address)
  case busy
  /// `TIMESTAMP:HOST:PORT:TEXT`, which is what is forwarded, and the text's identity.
  case gossip(message: [UInt8])
  case acknowledgement
  case livenessRequest(timestamp: String, from: Address)
  case livenessReply(timestamp: String, to: Address)
  /// So many bytes made no sense.
  case garbage(bytes: Int)
}

/// Reads a peer link: skips padding, then takes one message at a time, however TCP cut the stream.
///
/// Frames have nominal lengths, but the original's handshake is not 1024 bytes long, so a reader of
/// fixed frames would lose step. Only a gossip text may hold spaces, and only it is taken by its
/// frame; every other message ends at its first space.
package struct PeerLinkReader {
  private var buffer: [UInt8] = []
  private var isBusy = false

  package init() {}

  /// Takes bytes and returns the messages that are now whole. Keeps less than a frame.
  package mutating func read(_ bytes: [UInt8]) -> [PeerLinkMessage] {
    // After BUSY the sender closes; nothing that follows matters.
    guard !isBusy else { return [] }
    let stream = buffer.isEmpty ? bytes : buffer + bytes
    var messages: [PeerLinkMessage] = []
    var position = 0
    while true {
      position = GossipWire.skipSpaces(stream.span, from: position)
      guard let (message, length) = Self.first(in: stream.span, at: position) else { break }
      position += length
      if case .garbage(let bytes) = message, case .garbage(let before) = messages.last {
        messages[messages.count - 1] = .garbage(bytes: before + bytes)
      } else {
        messages.append(message)
      }
      if message == .busy {
        isBusy = true
        position = stream.count
      }
    }
    if position < stream.count || !buffer.isEmpty { buffer = Array(stream[position...]) }
    return messages
  }

  /// What messages begin with, the most frequent first.
  private static let kinds = [
    GossipWire.gossipPrefix, GossipWire.acknowledgement, GossipWire.requestPrefix,
    GossipWire.replyPrefix, GossipWire.handshakePrefix, GossipWire.busyPrefix,
  ]

  /// The message that begins at a position and the bytes it takes; `nil` when more are needed.
  private static func first(
    in stream: Span<UInt8>, at start: Int
  ) -> (PeerLinkMessage, length: Int)? {
    guard start < stream.count else { return nil }
    guard let kind = kinds.first(where: { GossipWire.begins(with: $0, stream, at: start) }) else {
      // A prefix that is cut short may become one; anything else goes up to its first space.
      var end = start
      while end < stream.count, stream[end] != GossipWire.space { end += 1 }
      let isCutShort = kinds.contains { prefix in
        stream.count - start < prefix.count
          && (start..<stream.count).allSatisfy { stream[$0] == prefix[$0 - start] }
      }
      return isCutShort ? nil : (.garbage(bytes: end - start), end - start)
    }
    switch kind {
    case GossipWire.gossipPrefix: return gossip(in: stream, at: start)
    case GossipWire.acknowledgement: return (.acknowledgement, kind.count)
    case GossipWire.busyPrefix: return (.busy, stream.count - start)
    default: return fields(in: stream, at: start, after: kind)
    }
  }

  private static func gossip(
    in stream: Span<UInt8>, at start: Int
  ) -> (PeerLinkMessage, length: Int)? {
    guard stream.count - start >= GossipWire.frame else { return nil }
    let frame = stream.extracting(start..<start + GossipWire.frame)
    let end = GossipWire.endWithoutSpaces(frame)
    let message = GossipWire.copy(frame, GossipWire.gossipPrefix.count..<end)
    guard isGossip(message) else { return (.garbage(bytes: frame.count), frame.count) }
    return (.gossip(message: message), frame.count)
  }

  /// Whether it is `TIMESTAMP:HOST:PORT:TEXT` in UTF-8.
  private static func isGossip(_ message: [UInt8]) -> Bool {
    var ends: [Int] = []
    ends.reserveCapacity(3)
    for index in message.indices where message[index] == UInt8(ascii: ":") {
      ends.append(index)
      if ends.count == 3 { break }
    }
    guard ends.count == 3, (1...32).contains(ends[0]),
      message[..<ends[0]].allSatisfy(isTimestampByte),
      Address.isValid(
        host: message[(ends[0] + 1)..<ends[1]], portText: message[(ends[1] + 1)..<ends[2]])
    else { return false }
    return message.allSatisfy { $0 < 0x80 } || String(validating: message, as: UTF8.self) != nil
  }

  /// A handshake, request or reply: fields without spaces, ended by the padding's first space.
  private static func fields(
    in stream: Span<UInt8>, at start: Int, after prefix: [UInt8]
  ) -> (PeerLinkMessage, length: Int)? {
    let limit = min(stream.count, start + prefix.count + GossipWire.frame)
    var end = start + prefix.count
    while end < limit, stream[end] != GossipWire.space { end += 1 }
    guard end < limit else {
      let count = stream.count - start
      return count < GossipWire.frame ? nil : (.garbage(bytes: count), count)
    }
    let length = end - start
    let parts = GossipWire.copy(stream, start + prefix.count..<end)
      .split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    let message: PeerLinkMessage? =
      switch (prefix, parts.count) {
      case (GossipWire.handshakePrefix, 2):
        Address(host: parts[0], portText: parts[1]).map { .handshake($0) }
      case (GossipWire.requestPrefix, 3) where isTimestamp(parts[0]):
        Address(host: parts[1], portText: parts[2]).map {
          .livenessRequest(timestamp: String(decoding: parts[0], as: UTF8.self), from: $0)
        }
      case (GossipWire.replyPrefix, 5) where isTimestamp(parts[0]):
        Address(host: parts[1], portText: parts[2]).map {
          .livenessReply(timestamp: String(decoding: parts[0], as: UTF8.self), to: $0)
        }
      default: nil
      }
    return (message ?? .garbage(bytes: length), length)
  }

  private static func isTimestampByte(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: ".")
  }

  private static func isTimestamp(_ text: ArraySlice<UInt8>) -> Bool {
    (1...32).contains(text.count) && text.allSatisfy(isTimestampByte)
  }
}
