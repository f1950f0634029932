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

/// The texts that a neighbour was sent since the last time that none was missing. An acknowledgement
/// does not say of which: while fewer came than texts were sent, any of these may be lost.
struct UnacknowledgedTexts {
  /// Texts that are kept, at most; the oldest are given up.
  private static let limit = 1_024

  private(set) var texts: [[UInt8]] = []
  private(set) var lastSent = Instant(microseconds: 0)
  private var acknowledgements = 0
  /// How often missing ones were sent again, in a row.
  private(set) var repeats = 0
  /// Whether the timer is set that looks for missing ones.
  var isWatched = false

  mutating func add(_ message: [UInt8], at now: Instant) {
    if texts.count == Self.limit {
      let excess = Self.limit / 2
      texts.removeFirst(excess)
      acknowledgements = max(0, acknowledgements - excess)
    }
    texts.append(message)
    lastSent = now
  }

  mutating func acknowledge() {
    acknowledgements += 1
    guard acknowledgements >= texts.count else { return }
    texts.removeAll(keepingCapacity: true)
    (acknowledgements, repeats) = (0, 0)
  }

  /// Hands over those that may be lost, to be sent again or given up.
  mutating func takeMissing() -> [[UInt8]] {
    defer { (texts, acknowledgements, repeats) = ([], 0, repeats + 1) }
    return texts
  }
}

extension GossipPeer {
  /// Times that missing texts are sent again before they are given up.
  private static let mostRepeats = 3
  /// Texts that a new neighbour is sent, at most.
  private static let catchUpLimit = 1_024

  /// The first link of a peer's life starts its texts.
  mutating func startTexts(_ turn: inout Turn) {
    guard !hasStartedTexts, settings.textCount > 0 else { return }
    hasStartedTexts = true
    turn.setTimer(Timer.text, at: turn.now + settings.textDelay)
  }

  /// Originates the next text, if anybody is there to hear it.
  mutating func sendText(_ turn: inout Turn) {
    guard textsSent < settings.textCount else { return }
    turn.setTimer(Timer.text, at: turn.now + settings.textInterval)
    guard !links.isEmpty else { return }
    textsSent += 1
    var text = "message \(textsSent)"
    if settings.hasUniqueTexts {
      let token = String(UInt64.random(in: .min ... .max, using: &turn.random), radix: 16)
      text += " " + String(repeating: "0", count: 16 - token.count) + token
    }
    let message = "\(GossipWire.timestamp(turn.now)):\(own):\(text)"
    _ = texts.insert(Array(message.utf8), at: turn.now)
    turn.log(GossipEvents.gossipSent, ["message": message, "links": links.count])
    forward(Array(message.utf8), except: nil, &turn)
  }

  /// A text arrived: acknowledges it at once, and passes it on if it is new.
  mutating func takeText(_ message: [UInt8], from id: ConnectionID, _ turn: inout Turn) {
    turn.write(GossipWire.acknowledgementFrame, to: id)
    guard texts.insert(message, at: turn.now) else { return }
    turn.log(
      GossipEvents.gossipReceived, peer: connections[id]?.peer,
      ["message": String(decoding: message, as: UTF8.self)])
    forward(message, except: id, &turn)
  }

  private mutating func forward(
    _ message: [UInt8], except source: ConnectionID?, _ turn: inout Turn
  ) {
    let frame = GossipWire.gossip(message)
    for id in connections.keys where phase(of: id) == .linked && id != source {
      turn.write(frame, to: id)
      expectAcknowledgement(of: message, from: id, &turn)
    }
  }

  // MARK: - Acknowledgements

  private mutating func expectAcknowledgement(
    of message: [UInt8], from id: ConnectionID, _ turn: inout Turn
  ) {
    connections[id]?.unacknowledged.add(message, at: turn.now)
    guard connections[id]?.unacknowledged.isWatched == false else { return }
    connections[id]?.unacknowledged.isWatched = true
    turn.setTimer(Timer.acknowledgement, id.number, at: turn.now + settings.answerTimeout)
  }

  mutating func acknowledged(_ id: ConnectionID, _ turn: inout Turn) {
    connections[id]?.unacknowledged.acknowledge()
    answered(id, &turn)
    catchUp(id, &turn)
  }

  /// Once nothing has been sent on a link for as long as an answer may take, and acknowledgements are
  /// missing, sends again what may be lost: one text for each acknowledgement, as to a new neighbour.
  /// Whoever has it acknowledges it and does nothing else.
  mutating func noticeMissingAcknowledgements(_ id: ConnectionID, _ turn: inout Turn) {
    guard let sent = connections[id]?.unacknowledged else { return }
    let due = sent.lastSent + settings.answerTimeout
    if !sent.texts.isEmpty, turn.now < due {
      return turn.setTimer(Timer.acknowledgement, id.number, at: due)
    }
    connections[id]?.unacknowledged.isWatched = false
    guard !sent.texts.isEmpty, let missing = connections[id]?.unacknowledged.takeMissing(),
      sent.repeats < Self.mostRepeats
    else { return }
    connections[id]?.catchUp += missing.reversed()
    catchUp(id, &turn)
  }

  /// A link is a little old: its neighbour may have missed something.
  mutating func beginCatchUp(_ id: ConnectionID, _ turn: inout Turn) {
    guard phase(of: id) == .linked else { return }
    let since = Instant(microseconds: turn.now.microseconds - settings.catchUpWindow.count)
    connections[id]?.catchUp = texts.since(since, atMost: Self.catchUpLimit)
    catchUp(id, &turn)
  }

  /// Sends the next missing text; each acknowledgement asks for one more.
  private mutating func catchUp(_ id: ConnectionID, _ turn: inout Turn) {
    guard let next = connections[id]?.catchUp.popLast() else { return }
    turn.write(GossipWire.gossip(next), to: id)
    expectAcknowledgement(of: next, from: id, &turn)
  }
}
