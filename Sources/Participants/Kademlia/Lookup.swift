package import Participants
package import Wire

/// One iterative search for the nodes closest to a key, or for the key's value (section 2.3).
///
/// It keeps at most alpha requests under way, each to the closest node not asked yet among the k
/// closest that have not failed, and ends when all of these have answered, when enough nodes have
/// answered with a value, or when it has asked ``contactedLimit`` times k nodes, because somebody
/// invents ever closer ones.
package struct Lookup: Sendable {
  /// Nodes that are asked at most, in multiples of k.
  package static let contactedLimit = 8
  /// Nodes that are kept at most, in multiples of k: the farthest are forgotten.
  static let rememberedLimit = 16

  enum State {
    case fresh
    case asked
    case answered
    /// It answered with the value.
    case held
    case failed
  }

  struct Entry {
    let contact: NamedContact
    let distance: NodeID
    /// Of the chain of those who named each other: 1 for whom the own table knew.
    let step: Int
    var state = State.fresh
  }

  package let target: NodeID
  let k: Int
  let alpha: Int
  /// Nodes that must answer with a value before the search ends; 0: values are not asked for.
  let valuesWanted: Int
  let started: Instant
  private let own: NodeID
  /// Closest first.
  private(set) var entries: [Entry] = []
  private var known: Set<NodeID> = []
  /// In the order in which they came.
  package private(set) var values: [MessagePack] = []
  package private(set) var contacted = 0
  package private(set) var answered = 0

  package init(
    target: NodeID, own: NodeID, k: Int, alpha: Int, valuesWanted: Int,
    from contacts: [NamedContact],
    at now: Instant
  ) {
    self.target = target
    self.own = own
    self.k = k
    self.alpha = alpha
    self.valuesWanted = valuesWanted
    started = now
    add(contacts, step: 1)
  }

  /// The longest chain among those who answered.
  package var steps: Int {
    entries.lazy.filter { $0.state == .answered || $0.state == .held }.map(\.step).max() ?? 0
  }

  /// The k closest that answered, closest first.
  package var closest: [NamedContact] {
    Array(
      entries.lazy.filter { $0.state == .answered || $0.state == .held }.map(\.contact).prefix(k))
  }

  /// The closest that answered and does not have the value, which it should have (section 2.3).
  package var closestWithoutValue: NamedContact? {
    entries.first { $0.state == .answered }?.contact
  }

  package var isFinished: Bool {
    if valuesWanted > 0, values.count >= valuesWanted { return true }
    if contacted >= Self.contactedLimit * k { return true }
    return candidates.allSatisfy { $0.state == .answered || $0.state == .held }
  }

  /// The k closest that have not failed.
  private var candidates: some Sequence<Entry> {
    entries.lazy.filter { $0.state != .failed }.prefix(k)
  }

  /// Whom to ask now; they count as asked.
  package mutating func next() -> [NamedContact] {
    guard !isFinished else { return [] }
    var room = alpha - entries.count { $0.state == .asked }
    var chosen: [NamedContact] = []
    var place = 0
    for index in entries.indices where entries[index].state != .failed {
      guard room > 0, place < k else { break }
      place += 1
      guard entries[index].state == .fresh else { continue }
      entries[index].state = .asked
      chosen.append(entries[index].contact)
      room -= 1
    }
    contacted += chosen.count
    return chosen
  }

  /// A node that was asked named others.
  package mutating func answer(_ id: NodeID, naming contacts: [NamedContact]) {
    guard let index = index(of: id), entries[index].state == .asked else { return }
    entries[index].state = .answered
    answered += 1
    add(contacts, step: entries[index].step + 1)
  }

  /// A node that was asked has the value.
  package mutating func answer(_ id: NodeID, value: MessagePack) {
    guard let index = index(of: id), entries[index].state == .asked else { return }
    entries[index].state = .held
    answered += 1
    values.append(value)
  }

  /// A node that was asked did not answer in time.
  package mutating func fail(_ id: NodeID) {
    guard let index = index(of: id), entries[index].state == .asked else { return }
    entries[index].state = .failed
  }

  private mutating func add(_ contacts: [NamedContact], step: Int) {
    for contact in contacts where contact.id != own && known.insert(contact.id).inserted {
      let entry = Entry(contact: contact, distance: target.distance(to: contact.id), step: step)
      entries.insert(entry, at: position(of: entry.distance))
    }
    while entries.count > Self.rememberedLimit * k, entries.last?.state == .fresh {
      entries.removeLast()
    }
  }

  private func index(of id: NodeID) -> Int? {
    let distance = target.distance(to: id)
    let position = position(of: distance)
    return position < entries.count && entries[position].distance == distance ? position : nil
  }

  /// Where an entry with that distance stands or would stand.
  private func position(of distance: NodeID) -> Int {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].distance < distance { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
