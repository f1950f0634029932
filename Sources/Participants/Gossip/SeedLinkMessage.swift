package import Participants

/// What a peer says to a seed, as read.
package enum SeedLinkMessage: Equatable {
  case register(Address)
  case listRequest
  case report(dead: Address, by: Address)
  case garbage(bytes: Int)
}

/// Reads what a peer says to a seed.
///
/// The messages have neither length nor terminator. A message that ends in a port is whole when the
/// port has five digits (it cannot grow), when something that is no digit follows, or when the
/// stream has paused (``settle()``): a port is never cut short by the way TCP cut the stream.
package struct SeedLinkReader {
  private var buffer: [UInt8] = []

  package init() {}

  /// Whether a pause would complete a message.
  package var wantsSettling: Bool { !buffer.isEmpty }

  /// Takes bytes.
  ///
  /// - Returns: the messages that are whole now.
  package mutating func read(_ bytes: [UInt8]) -> [SeedLinkMessage] {
    buffer += bytes
    return take(paused: false)
  }

  /// The stream has paused: what stands there is all there is.
  package mutating func settle() -> [SeedLinkMessage] { take(paused: true) }

  private mutating func take(paused: Bool) -> [SeedLinkMessage] {
    var messages: [SeedLinkMessage] = []
    var rest = buffer[...]
    while true {
      rest = rest.drop { $0 == GossipWire.space }
      guard let (message, length) = Self.first(in: rest, paused: paused) else { break }
      rest = rest.dropFirst(length)
      messages.append(message)
    }
    buffer = Array(rest)
    return messages
  }

  private static func first(
    in rest: ArraySlice<UInt8>, paused: Bool
  ) -> (SeedLinkMessage, length: Int)? {
    if rest.isEmpty { return nil }
    if rest.starts(with: GossipWire.listRequest) {
      return (.listRequest, GossipWire.listRequest.count)
    }
    if rest.starts(with: GossipWire.registerPrefix) {
      return fields(1, in: rest, after: GossipWire.registerPrefix, paused: paused)
    }
    if rest.starts(with: GossipWire.reportPrefix) {
      return fields(3, in: rest, after: GossipWire.reportPrefix, paused: paused)
    }
    let prefixes = [GossipWire.listRequest, GossipWire.registerPrefix, GossipWire.reportPrefix]
    if prefixes.contains(where: { $0.starts(with: rest) }) { return nil }
    return (.garbage(bytes: rest.count), rest.count)
  }

  /// `HOST:PORT`, or with a count of three `HOST:PORT:TIMESTAMP:HOST:PORT`.
  private static func fields(
    _ count: Int, in rest: ArraySlice<UInt8>, after prefix: [UInt8], paused: Bool
  ) -> (SeedLinkMessage, length: Int)? {
    let colon = UInt8(ascii: ":")
    let lastColon = count == 1 ? 1 : 4
    var colons = 0
    var index = rest.startIndex + prefix.count
    while index < rest.endIndex, colons < lastColon, rest[index] != GossipWire.space {
      if rest[index] == colon { colons += 1 }
      index += 1
    }
    let portStart = index
    while index < rest.endIndex, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(rest[index]) {
      index += 1
    }
    let length = index - rest.startIndex
    let digits = colons == lastColon ? index - portStart : 0
    let isWhole = index < rest.endIndex || digits >= 5 || (paused && digits > 0)
    guard isWhole || rest.count > GossipWire.frame else { return nil }
    let text = String(decoding: rest[..<index].dropFirst(prefix.count), as: UTF8.self)
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard colons == lastColon, let first = Address(host: parts[0], portText: parts[1]) else {
      return (.garbage(bytes: rest.count), rest.count)
    }
    if count == 1 { return (.register(first), length) }
    guard let reporter = Address(host: parts[3], portText: parts[4]) else {
      return (.garbage(bytes: rest.count), rest.count)
    }
    return (.report(dead: first, by: reporter), length)
  }
}

/// Reads what a seed answers a peer. The peer never has two requests under way, so it knows which
/// answer comes next and waits for that one's words.
package struct SeedAnswerReader {
  package enum Expected {
    case welcome
    case registered
    case list
    /// Nothing is expected, or the tail of a list that was taken for whole too early.
    case nothing
  }

  package enum Answer: Equatable {
    case welcome
    case registered
    /// The list has begun; it is whole when the stream pauses.
    case list
    /// More bytes than any answer may have.
    case tooLong
  }

  /// The longest answer that is read, in bytes: a list of about 100,000 peers.
  package static let longestAnswer = 2_500_000

  private var buffer: [UInt8] = []
  private var expected = Expected.welcome

  package init() {}

  /// Waits for another answer; what has been read is dropped.
  package mutating func expect(_ next: Expected) {
    expected = next
    buffer.removeAll(keepingCapacity: false)
  }

  /// Takes bytes; returns the expected answer once its words are there.
  package mutating func read(_ bytes: [UInt8]) -> Answer? {
    buffer += bytes
    guard buffer.count <= Self.longestAnswer else { return .tooLong }
    let (words, answer): ([UInt8], Answer)
    switch expected {
    case .welcome: (words, answer) = (GossipWire.welcomePrefix, .welcome)
    case .registered: (words, answer) = (GossipWire.registered, .registered)
    case .list, .nothing: (words, answer) = (GossipWire.listPrefix, .list)
    }
    return Self.position(of: words, in: buffer) == nil ? nil : answer
  }

  /// The peers of the list that stands in the buffer: what was read up to a pause. Entries that are
  /// no addresses are left out.
  package func list() -> [Address] {
    guard let start = Self.position(of: GossipWire.listPrefix, in: buffer) else { return [] }
    let body = buffer[(start + GossipWire.listPrefix.count)...]
    return body.split(separator: UInt8(ascii: ":")).compactMap { entry in
      guard let comma = entry.lastIndex(of: UInt8(ascii: ",")) else { return nil }
      return Address(host: entry[..<comma], portText: entry[(comma + 1)...])
    }
  }

  private static func position(of words: [UInt8], in buffer: [UInt8]) -> Int? {
    guard buffer.count >= words.count else { return nil }
    // Answers start where they are expected; a few bytes of the previous one may stand before.
    return (0...min(buffer.count - words.count, GossipWire.frame)).first {
      buffer[$0...].starts(with: words)
    }
  }
}
