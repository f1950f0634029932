package import Participants

/// What a node knows of the others: buckets of at most k contacts, each for one range of IDs, with
/// smaller ranges close to the node's own ID.
///
/// After the paper: contacts that live long stay, because they will (section 2.2); the bucket in
/// whose range the own ID lies splits when it is full (2.4); so does any other while its depth is no
/// multiple of b, which makes lookups take steps of b bits (4.2); further contacts wait in a
/// replacement cache for the place of one that fails (4.1).
package struct RoutingTable: Sendable {
  /// A node that proved, by answering a ping or by asking, that it has this ID and address.
  package struct Contact: Hashable, Sendable {
    package var id: NodeID
    package var address: Address
    /// When it last proved it.
    package var identified: Instant
    /// Requests in a row that it left unanswered.
    package var failures = 0

    package init(id: NodeID, address: Address, identified: Instant) {
      self.id = id
      self.address = address
      self.identified = identified
    }
  }

  struct Bucket {
    /// The bits that its IDs begin with, as many as `depth`.
    var prefix: NodeID
    var depth: Int
    /// The one that proved itself longest ago first.
    var contacts: [Contact] = []
    /// Nodes that were heard of and have not proved who they are, newest last.
    var replacements: [(id: NodeID, address: Address)] = []
    var lastLookup: Instant

    func contains(_ id: NodeID) -> Bool { id.prefix(depth) == prefix }
  }

  /// What came of a node that proved who it is.
  package enum Identification: Equatable {
    /// It was in the table.
    case known
    case added
    /// Its bucket is full; the contact was heard from longest ago.
    case full(oldest: Contact)
    /// Its ID is in the table with another address.
    case taken(by: Contact)
  }

  /// Bits by which a lookup in a split table comes closer with each step (b in the paper).
  static let stepBits = 5

  package let own: NodeID
  package let k: Int
  /// In the order of their ranges, which together are the whole space.
  private(set) var buckets: [Bucket]
  private var ids: [Address: NodeID] = [:]

  package init(own: NodeID, k: Int, at now: Instant) {
    self.own = own
    self.k = k
    buckets = [Bucket(prefix: .zero, depth: 0, lastLookup: now)]
  }

  package var count: Int { ids.count }
  package var isEmpty: Bool { ids.isEmpty }

  /// Every contact, in the order of the ranges.
  package var contacts: [Contact] { buckets.flatMap(\.contacts) }

  /// The contact of that ID.
  package func contact(_ id: NodeID) -> Contact? {
    buckets[position(of: id)].contacts.first { $0.id == id }
  }

  /// The contact at an address.
  package func contact(at address: Address) -> Contact? { ids[address].flatMap(contact) }

  /// Whether a node with that ID would be added.
  package func hasRoom(for id: NodeID) -> Bool {
    let bucket = buckets[position(of: id)]
    return bucket.contacts.count < k || splits(bucket)
  }

  /// Somebody waits for the place of a contact with that ID.
  package func hasReplacement(for id: NodeID) -> Bool {
    !buckets[position(of: id)].replacements.isEmpty
  }

  /// The contact that proved itself longest ago in the bucket where an ID belongs.
  package func oldest(beside id: NodeID) -> Contact? { buckets[position(of: id)].contacts.first }

  // MARK: - Changes

  /// A node proved that it has this ID and this address. Nobody else may be known there.
  package mutating func identify(
    _ id: NodeID, at address: Address, now: Instant
  ) -> Identification {
    while true {
      let position = position(of: id)
      if let index = buckets[position].contacts.firstIndex(where: { $0.id == id }) {
        guard buckets[position].contacts[index].address == address else {
          return .taken(by: buckets[position].contacts[index])
        }
        buckets[position].contacts.remove(at: index)
        buckets[position].contacts.append(
          Contact(id: id, address: address, identified: now))
        return .known
      }
      if buckets[position].contacts.count < k {
        buckets[position].contacts.append(
          Contact(id: id, address: address, identified: now))
        buckets[position].replacements.removeAll { $0.id == id }
        ids[address] = id
        return .added
      }
      guard splits(buckets[position]) else {
        return .full(oldest: buckets[position].contacts[0])
      }
      split(position)
    }
  }

  /// Remembers a node for the place of a contact that fails.
  package mutating func remember(_ id: NodeID, at address: Address) {
    let position = position(of: id)
    buckets[position].replacements.removeAll { $0.id == id || $0.address == address }
    buckets[position].replacements.append((id, address))
    if buckets[position].replacements.count > k { buckets[position].replacements.removeFirst() }
  }

  /// A contact answered something.
  package mutating func succeed(_ id: NodeID) {
    let position = position(of: id)
    guard let index = buckets[position].contacts.firstIndex(where: { $0.id == id }) else { return }
    buckets[position].contacts[index].failures = 0
  }

  /// A contact left a request unanswered. Returns how many that are in a row; `nil`: no such contact.
  package mutating func fail(_ id: NodeID) -> Int? {
    let position = position(of: id)
    guard let index = buckets[position].contacts.firstIndex(where: { $0.id == id }) else {
      return nil
    }
    buckets[position].contacts[index].failures += 1
    return buckets[position].contacts[index].failures
  }

  /// Drops a contact. Returns who waited for its place, the newest first: it has to prove itself.
  package mutating func evict(_ contact: Contact) -> (id: NodeID, address: Address)? {
    let position = position(of: contact.id)
    guard let index = buckets[position].contacts.firstIndex(where: { $0.id == contact.id }) else {
      return nil
    }
    ids[buckets[position].contacts.remove(at: index).address] = nil
    return buckets[position].replacements.popLast()
  }

  /// Something in the range of an ID is looked up.
  package mutating func touch(_ id: NodeID, at now: Instant) {
    buckets[position(of: id)].lastLookup = now
  }

  // MARK: - Questions

  /// The contacts closest to a key, closest first. Those that fail to answer are left out as long as
  /// there are others.
  package func closest(to key: NodeID, _ count: Int, excluding asker: NodeID? = nil) -> [Contact] {
    // All of a bucket is closer than all of another one: the smaller distance to its range decides.
    let order = buckets.indices.sorted {
      distance(from: key, to: buckets[$0]) < distance(from: key, to: buckets[$1])
    }
    var found: [Contact] = []
    for position in order where found.count < count {
      found += buckets[position].contacts.filter { $0.id != asker && $0.failures == 0 }
        .sorted { key.distance(to: $0.id) < key.distance(to: $1.id) }
    }
    if found.isEmpty {
      found = contacts.filter { $0.id != asker }
        .sorted { key.distance(to: $0.id) < key.distance(to: $1.id) }
    }
    return Array(found.prefix(count))
  }

  /// Random IDs in the ranges where nothing was looked up since an instant.
  package func idle(since instant: Instant, using random: inout SeededGenerator) -> [NodeID] {
    buckets.filter { $0.lastLookup <= instant }.map {
      $0.prefix.random(after: $0.depth, using: &random)
    }
  }

  /// Random IDs in the ranges beyond the closest contact's (section 2.3: what a node refreshes that
  /// has just joined).
  package func beyondNeighbourhood(using random: inout SeededGenerator) -> [NodeID] {
    guard let nearest = closest(to: own, 1).first else { return [] }
    return buckets.filter { !$0.contains(own) && !$0.contains(nearest.id) }.map {
      $0.prefix.random(after: $0.depth, using: &random)
    }
  }

  private func distance(from key: NodeID, to bucket: Bucket) -> NodeID {
    key.prefix(bucket.depth).distance(to: bucket.prefix)
  }

  private func splits(_ bucket: Bucket) -> Bool {
    bucket.depth < NodeID.bits - 1
      && (bucket.contains(own) || !bucket.depth.isMultiple(of: Self.stepBits))
  }

  private mutating func split(_ position: Int) {
    let whole = buckets[position]
    let bit = whole.depth
    var halves = [whole.prefix, whole.prefix.setting(bit)].map {
      Bucket(prefix: $0, depth: bit + 1, lastLookup: whole.lastLookup)
    }
    for contact in whole.contacts { halves[contact.id.bit(bit) ? 1 : 0].contacts.append(contact) }
    for other in whole.replacements {
      halves[other.id.bit(bit) ? 1 : 0].replacements.append(other)
    }
    buckets.replaceSubrange(position...position, with: halves)
  }

  /// The bucket in whose range an ID lies.
  private func position(of id: NodeID) -> Int {
    var low = 0
    var high = buckets.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if buckets[middle].prefix <= id { low = middle } else { high = middle }
    }
    return low
  }
}
