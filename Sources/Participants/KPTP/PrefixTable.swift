package import Participants

/// The peers that one peer knows: 16 buckets by the length of the prefix that their IDs share with
/// the owner's, so many peers in each.
///
/// All of them stand in one array, nearest to the owner first. Who shares a longer prefix is nearer,
/// so each bucket is a stretch of it.
///
/// A peer with the owner's own ID shares all 16 bits: there is no bucket for it. In a full bucket
/// the closer peer stays. Two peers of one ID are equally close: the one that is there stays as long
/// as it answers, and is thus seen as recently as any other; once it misses a heartbeat the other
/// takes its place.
package struct PrefixTable {
  package struct Entry: Equatable {
    package let endpoint: Endpoint
    package let id: PeerID
    /// When it last answered.
    package var lastSeen: Instant
    /// Heartbeats in a row that it did not answer.
    package var misses = 0

    package init(_ endpoint: Endpoint, _ id: PeerID, lastSeen: Instant) {
      self.endpoint = endpoint
      self.id = id
      self.lastSeen = lastSeen
    }
  }

  /// What would become of a peer that is not in the table.
  package enum Placement: Equatable {
    /// It has the owner's ID.
    case collided
    /// Its bucket has room.
    case room
    /// It is closer than the farthest of its full bucket.
    case closer(than: Endpoint)
    /// It is as close as the farthest of its full bucket, which missed a heartbeat.
    case newer(than: Endpoint)
    case full
  }

  package let owner: PeerID
  package let bucketSize: Int
  /// Nearest to the owner first.
  package private(set) var entries: [Entry] = []

  package init(owner: PeerID, bucketSize: Int) {
    self.owner = owner
    self.bucketSize = bucketSize
  }

  /// Whether a peer is in the table.
  package func contains(_ endpoint: Endpoint) -> Bool {
    entries.contains { $0.endpoint == endpoint }
  }

  /// The bucket of an ID: 0 to 15, or 16 of the owner's own.
  package func prefix(of id: PeerID) -> Int { owner.sharedPrefix(with: id) }

  /// The peers of a bucket, 0 to 15, nearest first.
  package func bucket(_ prefix: Int) -> ArraySlice<Entry> {
    let start = entries.firstIndex { self.prefix(of: $0.id) <= prefix } ?? entries.endIndex
    let bucket = entries[start...]
    return bucket.prefix { self.prefix(of: $0.id) == prefix }
  }

  /// What adding a peer would do. It must not be in the table.
  package func placement(of id: PeerID) -> Placement {
    let prefix = prefix(of: id)
    guard prefix < PeerID.bits else { return .collided }
    let bucket = bucket(prefix)
    guard bucket.count >= bucketSize, let farthest = bucket.last else { return .room }
    let (known, new) = (owner.distance(to: farthest.id), owner.distance(to: id))
    if new < known { return .closer(than: farthest.endpoint) }
    if new == known, farthest.misses > 0 { return .newer(than: farthest.endpoint) }
    return .full
  }

  /// Adds a peer that is not in the table as its ``placement(of:)`` says, if it has a place.
  package mutating func add(_ entry: Entry, as placement: Placement) {
    switch placement {
    case .collided, .full: return
    case .room: break
    case .closer(let farthest), .newer(let farthest): remove(farthest)
    }
    let distance = owner.distance(to: entry.id)
    let position = entries.firstIndex { owner.distance(to: $0.id) > distance } ?? entries.count
    entries.insert(entry, at: position)
  }

  /// Removes a peer.
  ///
  /// - Returns: what was known of it; `nil`: it was not there.
  @discardableResult
  package mutating func remove(_ endpoint: Endpoint) -> Entry? {
    entries.firstIndex { $0.endpoint == endpoint }.map { entries.remove(at: $0) }
  }

  /// A peer answered. False: it is not in the table.
  package mutating func see(_ endpoint: Endpoint, at now: Instant) -> Bool {
    guard let index = entries.firstIndex(where: { $0.endpoint == endpoint }) else { return false }
    entries[index].lastSeen = now
    entries[index].misses = 0
    return true
  }

  /// A peer did not answer. Returns how often in a row; `nil` when it is not in the table.
  package mutating func miss(_ endpoint: Endpoint) -> Int? {
    guard let index = entries.firstIndex(where: { $0.endpoint == endpoint }) else { return nil }
    entries[index].misses += 1
    return entries[index].misses
  }

  /// What a message lists: the nearest of each bucket, then the second of each, and so on, as many
  /// as fit. Whoever has the nearest one of each bucket can find every other.
  package func listed(atMost limit: Int = KPTPMessage.mostPeers) -> [Endpoint] {
    guard entries.count > limit else { return entries.map(\.endpoint) }
    var ranked: [(rank: Int, endpoint: Endpoint)] = []
    var rank = 0
    for (index, entry) in entries.enumerated() {
      let isFirst = index == 0 || prefix(of: entries[index - 1].id) != prefix(of: entry.id)
      rank = isFirst ? 0 : rank + 1
      ranked.append((rank, entry.endpoint))
    }
    let ranks = 0..<bucketSize
    let ordered = ranks.lazy.flatMap { rank in ranked.lazy.filter { $0.rank == rank } }
    return Array(ordered.prefix(limit).map(\.endpoint))
  }

}
