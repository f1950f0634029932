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

  package static func padded(_ text: [UInt8], to length: Int = frame) -> [UInt8] {
    text + [UInt8](repeating: space, count: max(0, length - text.count))
  }

  // Seed links.
  package static func welcome(_ seed: Address) -> [UInt8] {
    Array("welcome connected to seed with address \(seed)".utf8)
  }
  package static func register(_ peer: Address) -> [UInt8] {
    registerPrefix + peer.description.utf8
  }
  package static func listEntry(_ peer: Address) -> [UInt8] {
    Array(":\(peer.host),\(peer.port)".utf8)
  }
  package static func report(dead: Address, at now: Instant, by reporter: Address) -> [UInt8] {
    padded("Dead Node:\(dead):\(timestamp(now)):\(reporter)")
  }

  // Peer links.
  package static func handshake(_ own: Address) -> [UInt8] {
    padded(
      "connected to peer:\(own)",
      to: handshakeOverhead + own.host.utf8.count + String(own.port).utf8.count)
  }
  package static func busy(links: Int) -> [UInt8] {
    padded("PEER BUSY,already,connected to \(links) peers")
  }
  package static let acknowledgementFrame = padded(acknowledgement)
  package static func livenessRequest(_ timestamp: String, from own: Address) -> [UInt8] {
    padded("Liveness Request:\(timestamp):\(own)")
  }
  package static func livenessReply(to timestamp: String, _ asker: Address, from own: Address)
    -> [UInt8]
  {
    padded("Liveness Reply:\(timestamp):\(asker):\(own)")
  }
  package static func gossip(_ message: [UInt8]) -> [UInt8] { padded(gossipPrefix + message) }

  /// Decimal seconds since the epoch with at least one and at most six digits of fraction.
  package static func timestamp(_ instant: Instant) -> String {
    let micros = instant.microseconds
    var fraction = String(1_000_000 + micros % 1_000_000).dropFirst()
    while fraction.count > 1, fraction.last == "0" { fraction.removeLast() }
    return "\(micros / 1_000_000).\(fraction)"
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
    buffer += bytes
    var messages: [PeerLinkMessage] = []
    var rest = buffer[...]
    while true {
      rest = rest.drop { $0 == GossipWire.space }
      guard let (message, length) = Self.first(in: rest) else { break }
      rest = rest.dropFirst(length)
      if case .garbage(let bytes) = message, case .garbage(let before) = messages.last {
        messages[messages.count - 1] = .garbage(bytes: before + bytes)
      } else {
        messages.append(message)
      }
      if message == .busy {
        isBusy = true
        rest = []
        break
      }
    }
    buffer = Array(rest)
    return messages
  }

  /// The first message and the bytes it takes; `nil` when more bytes are needed.
  private static func first(in rest: ArraySlice<UInt8>) -> (PeerLinkMessage, length: Int)? {
    guard !rest.isEmpty else { return nil }
    if rest.starts(with: GossipWire.gossipPrefix) { return gossip(in: rest) }
    if rest.starts(with: GossipWire.acknowledgement) {
      return (.acknowledgement, GossipWire.acknowledgement.count)
    }
    if rest.starts(with: GossipWire.busyPrefix) { return (.busy, rest.count) }
    let worded = [
      GossipWire.handshakePrefix, GossipWire.requestPrefix, GossipWire.replyPrefix,
    ]
    if let prefix = worded.first(where: { rest.starts(with: $0) }) {
      return fields(in: rest, after: prefix)
    }
    let prefixes =
      worded + [
        GossipWire.gossipPrefix, GossipWire.acknowledgement, GossipWire.busyPrefix,
      ]
    if prefixes.contains(where: { $0.starts(with: rest) }) { return nil }
    let word = rest.prefix { $0 != GossipWire.space }
    return (.garbage(bytes: word.count), word.count)
  }

  private static func gossip(in rest: ArraySlice<UInt8>) -> (PeerLinkMessage, length: Int)? {
    guard rest.count >= GossipWire.frame else { return nil }
    let frame = rest.prefix(GossipWire.frame)
    let end = frame.lastIndex { $0 != GossipWire.space } ?? frame.startIndex
    let message = frame[...end].dropFirst(GossipWire.gossipPrefix.count)
    guard let text = String(validating: message, as: UTF8.self) else {
      return (.garbage(bytes: frame.count), frame.count)
    }
    let parts = text.split(separator: ":", maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 4, isTimestamp(parts[0]),
      Address(host: parts[1], portText: parts[2]) != nil
    else { return (.garbage(bytes: frame.count), frame.count) }
    return (.gossip(message: Array(message)), frame.count)
  }

  /// A handshake, request or reply: fields without spaces, ended by the padding's first space.
  private static func fields(
    in rest: ArraySlice<UInt8>, after prefix: [UInt8]
  ) -> (PeerLinkMessage, length: Int)? {
    let start = rest.startIndex + prefix.count
    guard let end = rest[start...].prefix(GossipWire.frame).firstIndex(of: GossipWire.space) else {
      return rest.count < GossipWire.frame ? nil : (.garbage(bytes: rest.count), rest.count)
    }
    let length = end - rest.startIndex
    let text = String(decoding: rest[..<end].dropFirst(prefix.count), as: UTF8.self)
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let message: PeerLinkMessage? =
      switch (prefix, parts.count) {
      case (GossipWire.handshakePrefix, 2):
        Address(host: parts[0], portText: parts[1]).map { .handshake($0) }
      case (GossipWire.requestPrefix, 3) where isTimestamp(parts[0]):
        Address(host: parts[1], portText: parts[2]).map {
          .livenessRequest(timestamp: String(parts[0]), from: $0)
        }
      case (GossipWire.replyPrefix, 5) where isTimestamp(parts[0]):
        Address(host: parts[1], portText: parts[2]).map {
          .livenessReply(timestamp: String(parts[0]), to: $0)
        }
      default: nil
      }
    return (message ?? .garbage(bytes: length), length)
  }

  private static func isTimestamp(_ text: Substring) -> Bool {
    (1...32).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: ".")
      }
  }
}
