import Participants

/// A text's identity. Hashed as one run of bytes, which an array would do one by one, and once: a
/// set that grows would read every text again.
private struct TextIdentity: Hashable {
  let message: [UInt8]
  private let digest: Int

  init(_ message: [UInt8]) {
    self.message = message
    var hasher = Hasher()
    unsafe message.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    digest = hasher.finalize()
  }

  func hash(into hasher: inout Hasher) { hasher.combine(digest) }
}

/// The texts that a peer has seen, so that each is taken and forwarded once.
struct RememberedTexts {
  private let limit: Int
  private var members: Set<TextIdentity> = []
  /// In the order in which they came; those before `start` are forgotten.
  private var order: [(message: [UInt8], at: Instant)] = []
  private var start = 0

  /// Remembers at most `limit` texts; beyond it the oldest is forgotten.
  init(limit: Int) { self.limit = limit }

  /// False when the text is known.
  mutating func insert(_ message: [UInt8], at now: Instant) -> Bool {
    guard members.insert(TextIdentity(message)).inserted else { return false }
    order.append((message, now))
    if order.count - start > limit {
      members.remove(TextIdentity(order[start].message))
      start += 1
      // Compact now and then: the forgotten never outnumber the remembered.
      if start > limit {
        order.removeFirst(start)
        start = 0
      }
    }
    return true
  }

  /// The texts that came at or after an instant, newest first, at most `count`.
  func since(_ instant: Instant, atMost count: Int) -> [[UInt8]] {
    order[start...].reversed().prefix(count).prefix { $0.at >= instant }.map(\.message)
  }
}

extension GossipPeer {
  /// Texts that a new neighbour is sent, at most.
  private static let catchUpLimit = 1_024

  /// The first link of a peer's life starts its texts.
  mutating func startTexts(at now: Instant, emit: inout Effects) {
    guard !hasStartedTexts, settings.textCount > 0 else { return }
    hasStartedTexts = true
    emit.setTimer(key(.text), at: now + settings.textDelay)
  }

  /// Originates the next text, if anybody is there to hear it.
  mutating func sendText(
    at now: Instant, using random: inout SeededGenerator, emit: inout Effects
  ) {
    guard textsSent < settings.textCount else { return }
    emit.setTimer(key(.text), at: now + settings.textInterval)
    guard !links.isEmpty else { return }
    textsSent += 1
    var text = "message \(textsSent)"
    if settings.hasUniqueTexts {
      let token = String(UInt64.random(in: .min ... .max, using: &random), radix: 16)
      text += " " + String(repeating: "0", count: 16 - token.count) + token
    }
    let message = "\(GossipWire.timestamp(now)):\(own):\(text)"
    _ = texts.insert(Array(message.utf8), at: now)
    emit.log(
      Event(
        GossipEvents.gossipSent,
        ["message": .text(message), "links": .integer(Int64(links.count))]))
    forward(Array(message.utf8), except: nil, emit: &emit)
  }

  /// A text arrived: acknowledges it at once, and passes it on if it is new.
  mutating func takeText(
    _ message: [UInt8], from id: ConnectionID, at now: Instant, emit: inout Effects
  ) {
    emit.write(GossipWire.acknowledgementFrame, to: id)
    guard texts.insert(message, at: now) else { return }
    emit.log(
      Event(
        GossipEvents.gossipReceived, peer: connections[id]?.peer,
        ["message": .text(String(decoding: message, as: UTF8.self))]))
    forward(message, except: id, emit: &emit)
  }

  private func forward(_ message: [UInt8], except source: ConnectionID?, emit: inout Effects) {
    let frame = GossipWire.gossip(message)
    for id in connections.keys where phase(of: id) == .linked && id != source {
      emit.write(frame, to: id)
    }
  }

  /// A link is a little old: its neighbour may have missed something.
  mutating func beginCatchUp(_ id: ConnectionID, at now: Instant, emit: inout Effects) {
    guard phase(of: id) == .linked else { return }
    let since = Instant(microseconds: now.microseconds - settings.catchUpWindow.count)
    connections[id]?.catchUp = texts.since(since, atMost: Self.catchUpLimit)
    catchUp(id, emit: &emit)
  }

  /// Sends the next missing text; each acknowledgement asks for one more.
  mutating func catchUp(_ id: ConnectionID, emit: inout Effects) {
    guard let next = connections[id]?.catchUp.popLast() else { return }
    emit.write(GossipWire.gossip(next), to: id)
  }
}
