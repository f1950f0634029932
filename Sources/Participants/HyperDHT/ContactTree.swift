/// Contacts by their IDs, many of those close to the own ID and few of those far from it: a binary
/// tree with at most so many contacts in a leaf. A full leaf splits in two where the own ID falls into
/// it; any other stays as it is, and who is in it longest unheard must prove to be there before
/// somebody else gets its place.
///
/// IDs may be of any length, and contacts' IDs of another length than the own. In the tree bits that
/// an ID does not have count as 0; in a distance each byte that one of two IDs does not have counts
/// as 255.
package struct ContactTree<Contact: Sendable>: Sendable {
  package struct Entry: Sendable {
    package let id: [UInt8]
    package var contact: Contact
  }

  /// What came of a contact that was heard.
  package enum Addition: Sendable {
    case added
    /// It was there; it is the one heard last now.
    case known
    /// There is no room. Whoever of these, the longest unheard first, is not there any more is to be
    /// removed, and the contact added again.
    case full(stalest: [Entry])
  }

  /// Of the tree. A leaf has no branches, a fork no entries.
  private struct Part: Sendable {
    /// The one heard longest ago first.
    var entries: [Entry] = []
    /// Positions of the parts for IDs with a 0 and with a 1 as their next bit.
    var branches: (zero: Int, one: Int)?
    /// The own ID is in another leaf.
    var isFinal = false
  }

  /// Contacts that are asked to prove themselves before one gives its place up.
  package static var stalestNamed: Int { 3 }

  package let own: [UInt8]
  /// Contacts in a leaf.
  package let size: Int
  package private(set) var count = 0
  private var parts = [Part()]
  /// Contacts whose ID is of another length than the own.
  private var unlike = 0

  package init(own: [UInt8], size: Int) {
    self.own = own
    self.size = size
  }

  /// All, from leaf to leaf.
  package var entries: some Sequence<Entry> { parts.lazy.flatMap(\.entries) }

  package subscript(id: [UInt8]) -> Contact? {
    parts[leaf(of: id).position].entries.first { $0.id == id }?.contact
  }

  /// A contact was heard.
  package mutating func add(_ id: [UInt8], _ contact: Contact) -> Addition {
    while true {
      let (position, depth) = leaf(of: id)
      if let index = parts[position].entries.firstIndex(where: { $0.id == id }) {
        parts[position].entries.remove(at: index)
        parts[position].entries.append(Entry(id: id, contact: contact))
        return .known
      }
      if parts[position].entries.count < size {
        parts[position].entries.append(Entry(id: id, contact: contact))
        count += 1
        if id.count != own.count { unlike += 1 }
        return .added
      }
      if let stalest = stalest(beside: id) { return .full(stalest: stalest) }
      split(position, at: depth)
    }
  }

  /// Who is in the way of an ID, the longest unheard first; `nil`: nobody, or only a split
  /// can tell.
  package func stalest(beside id: [UInt8]) -> [Entry]? {
    let (position, depth) = leaf(of: id)
    let part = parts[position]
    guard part.entries.count == size, part.isFinal || depth >= own.count * 8,
      !part.entries.contains(where: { $0.id == id })
    else { return nil }
    return Array(part.entries.prefix(Self.stalestNamed))
  }

  /// IDs of the ranges of which no contact is known although a leaf's worth is of closer ones, the
  /// widest range first: each of contacts that share so many bits with the own ID and no more.
  package var gaps: [[UInt8]] {
    let shared = entries.map { entry in
      (0..<own.count * 8).prefix { Self.bit($0, of: entry.id) == Self.bit($0, of: own) }.count
    }
    let present = Set(shared)
    return (0..<own.count * 8).prefix { depth in shared.count { $0 > depth } >= size }
      .filter { !present.contains($0) }
      .map { depth in
        var id = own
        id[depth / 8] ^= 0x80 >> UInt8(depth % 8)
        return id
      }
  }

  /// Removes a contact.
  ///
  /// - Returns: it; `nil`: it was not there.
  package mutating func remove(_ id: [UInt8]) -> Contact? {
    let position = leaf(of: id).position
    guard let index = parts[position].entries.firstIndex(where: { $0.id == id }) else { return nil }
    count -= 1
    if id.count != own.count { unlike -= 1 }
    return parts[position].entries.remove(at: index).contact
  }

  /// The contacts closest to a key, closest first.
  package func closest(to key: [UInt8], _ wanted: Int) -> [Entry] {
    guard unlike == 0, key.count == own.count else {
      return Array(Self.sorted(Array(entries), by: key).prefix(wanted))
    }
    // With IDs of one length all that share a bit with the key are closer than all that do not.
    var found: [Entry] = []
    var open = [(position: 0, depth: 0)]
    while found.count < wanted, let (position, depth) = open.popLast() {
      if let branches = parts[position].branches {
        let (near, far) =
          Self.bit(depth, of: key)
          ? (branches.one, branches.zero) : (branches.zero, branches.one)
        open.append((far, depth + 1))
        open.append((near, depth + 1))
      } else {
        found += Self.sorted(parts[position].entries, by: key)
      }
    }
    return Array(found.prefix(wanted))
  }

  private static func sorted(_ entries: [Entry], by key: [UInt8]) -> [Entry] {
    entries.sorted { isCloser($0.id, than: $1.id, to: key) }
  }

  /// Whether `a` is closer to a key than `b`.
  package static func isCloser(_ a: [UInt8], than b: [UInt8], to key: [UInt8]) -> Bool {
    if a.count == b.count, a.count == key.count {
      for index in key.indices where a[index] != b[index] {
        return a[index] ^ key[index] < b[index] ^ key[index]
      }
      return false
    }
    let (a, b) = (distance(a, key), distance(b, key))
    return a.count == b.count ? a.lexicographicallyPrecedes(b) : a.count < b.count
  }

  /// A number without zeros before it.
  private static func distance(_ a: [UInt8], _ b: [UInt8]) -> ArraySlice<UInt8> {
    (0..<max(a.count, b.count))
      .map { $0 < a.count && $0 < b.count ? a[$0] ^ b[$0] : 255 }.drop { $0 == 0 }
  }

  private static func bit(_ index: Int, of id: [UInt8]) -> Bool {
    index / 8 < id.count && id[index / 8] & 0x80 >> UInt8(index % 8) != 0
  }

  private func leaf(of id: [UInt8]) -> (position: Int, depth: Int) {
    var (position, depth) = (0, 0)
    while let branches = parts[position].branches {
      position = Self.bit(depth, of: id) ? branches.one : branches.zero
      depth += 1
    }
    return (position, depth)
  }

  private mutating func split(_ position: Int, at depth: Int) {
    var (zero, one) = (Part(), Part())
    for entry in parts[position].entries {
      if Self.bit(depth, of: entry.id) {
        one.entries.append(entry)
      } else {
        zero.entries.append(entry)
      }
    }
    let ownIsOne = Self.bit(depth, of: own)
    zero.isFinal = ownIsOne
    one.isFinal = !ownIsOne
    parts[position] = Part(branches: (parts.count, parts.count + 1))
    parts += [zero, one]
  }
}
