package import Participants

/// Who announced what to a node: within limits, and for a time.
package struct Announcements: Sendable {
  package struct Limits: Sendable {
    package var entries: Int
    /// Of one address that announces.
    package var entriesPerSender: Int
    package var lifetime: Microseconds

    package init(
      entries: Int = 65_536, entriesPerSender: Int = 1_024, lifetime: Microseconds = .seconds(900)
    ) {
      self.entries = entries
      self.entriesPerSender = entriesPerSender
      self.lifetime = lifetime
    }
  }

  package struct Announcement: Sendable {
    package let key: [UInt8]
    /// Where the announced peer can be reached.
    package let peer: Address
    /// Who announced it, and alone may take it back: a neighbour behind the same address may not.
    package let sender: Address
    /// In the peer's own network, encoded for IPv4.
    package let local: [UInt8]?
    package let expires: Instant
  }

  package enum Outcome: Equatable, Sendable {
    case new
    /// It was there, and lasts longer now.
    case known
    case refused(reason: String)
  }

  /// Bytes of peers in an answer, about: a datagram of this length is not cut up on its way.
  package static let answerBytes = 900

  package let limits: Limits
  /// In the order in which they came.
  private var byKey: [[UInt8]: [Announcement]] = [:]
  private var counts: [Address: Int] = [:]
  package private(set) var count = 0

  package init(limits: Limits) { self.limits = limits }

  /// Keeps an announcement, or makes it last longer.
  package mutating func add(
    _ key: [UInt8], _ peer: Address, from sender: Address, local: [UInt8]?, at now: Instant
  ) -> Outcome {
    let announcement = Announcement(
      key: key, peer: peer, sender: sender, local: local, expires: now + limits.lifetime)
    if let index = byKey[key]?.firstIndex(where: { $0.peer == peer && $0.sender == sender }) {
      byKey[key]?[index] = announcement
      return .known
    }
    guard count < limits.entries else { return .refused(reason: "full") }
    guard counts[sender, default: 0] < limits.entriesPerSender else {
      return .refused(reason: "too many of one sender")
    }
    byKey[key, default: []].append(announcement)
    counts[sender, default: 0] += 1
    count += 1
    return .new
  }

  /// Whether an address has announced something that is kept.
  package func isSender(_ address: Address) -> Bool { counts[address] != nil }

  /// Takes back what the sender announced. False: nothing.
  package mutating func remove(_ key: [UInt8], _ peer: Address, from sender: Address) -> Bool {
    !take(key) { $0.peer == peer && $0.sender == sender }.isEmpty
  }

  /// Drops what has not been announced again in time, in the order of the keys.
  package mutating func expire(at now: Instant) -> [Announcement] {
    let keys = byKey.filter { $0.value.contains { $0.expires <= now } }.keys
    return keys.sorted { $0.lexicographicallyPrecedes($1) }
      .flatMap { take($0) { $0.expires <= now } }
  }

  private mutating func take(
    _ key: [UInt8], where condition: (Announcement) -> Bool
  ) -> [Announcement] {
    let taken = (byKey[key] ?? []).filter(condition)
    guard !taken.isEmpty else { return [] }
    byKey[key]?.removeAll(where: condition)
    if byKey[key]?.isEmpty == true { byKey[key] = nil }
    count -= taken.count
    for announcement in taken {
      let left = (counts[announcement.sender] ?? 0) - 1
      counts[announcement.sender] = left > 0 ? left : nil
    }
    return taken
  }

  /// The peers of a key, without the asker's own entries: so many, drawn at random, as fit into an
  /// answer. `nil`: there are none.
  package func answer(
    _ key: [UInt8], to asker: Address, announcing own: Address, local: [UInt8]?,
    encoding: IPEncoding, at now: Instant, using random: inout SeededGenerator
  ) -> PeerResponse? {
    var response = PeerResponse(peers: [], localPeers: [])
    var seen: Set<Address> = []
    for entry in (byKey[key] ?? []).shuffled(using: &random)
    where entry.peer != own && entry.sender != asker && entry.expires > now {
      let size = response.peers.count + response.localPeers.count
      guard size + encoding.size + PeerResponse.localSize <= Self.answerBytes else { break }
      guard seen.insert(entry.peer).inserted, let bytes = encoding.encode(entry.peer) else {
        continue
      }
      response.peers += bytes
      if let local, let other = entry.local, other.prefix(2) == local.prefix(2) {
        response.localPeers += other.suffix(PeerResponse.localSize)
      }
    }
    return seen.isEmpty ? nil : response
  }
}
