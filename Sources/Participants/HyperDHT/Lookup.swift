package import Participants

/// An iterative search for the nodes closest to a target, each of which is asked the same.
///
/// It has at most ``concurrency`` requests under way, each to the closest node not asked yet among the
/// `k` closest, and ends when those have answered. A node whose answer is late (``Punctuality``)
/// holds nobody up: the next closest is asked in addition. It is still waited for, as are all that
/// are closer than the `k`, until it is silent; and if it answers before the end, it counts again.
/// Silent ones are waited for only where they are more than have answered.
package struct Lookup: Sendable {
  /// Requests under way at once.
  package static let concurrency = 16
  /// Nodes that are asked at most, in multiples of k: somebody may invent ever closer ones.
  package static let askedLimit = 8
  /// Nodes that are kept at most, in multiples of k: the farthest are forgotten.
  static let rememberedLimit = 16

  enum State {
    case fresh, asked, late, silent, answered, failed
  }

  struct Entry {
    let contact: Contact
    /// Who named it; `nil`: the own table.
    let referrer: Address?
    /// Of the chain of those who named each other: 1 for whom the own table knew.
    let step: Int
    var state: State
    var token: [UInt8]?
  }

  package let target: [UInt8]
  private let own: [UInt8]
  private let k: Int
  /// Closest first.
  private(set) var entries: [Entry] = []
  package private(set) var asked = 0
  package private(set) var answered = 0
  /// Addresses that were asked without knowing who is there, and are waited for.
  var strangers: Set<Address> = []

  package init(target: [UInt8], own: [UInt8], k: Int, from contacts: [Contact]) {
    self.target = target
    self.own = own
    self.k = k
    add(contacts, namedBy: nil, step: 1)
  }

  /// The longest chain among those who answered.
  package var steps: Int {
    entries.lazy.filter { $0.state == .answered }.map(\.step).max() ?? 0
  }

  /// The k closest that answered, closest first, with the tokens that they gave.
  package var closest: [(contact: Contact, token: [UInt8]?)] {
    Array(entries.lazy.filter { $0.state == .answered }.map { ($0.contact, $0.token) }.prefix(k))
  }

  /// Nodes closer than the closest that answered: they were asked, and have not answered.
  package var missed: Int {
    entries.prefix { $0.state != .answered }.count { $0.state != .fresh }
  }

  package var isFinished: Bool {
    if asked >= Self.askedLimit * k { return true }
    guard strangers.isEmpty else { return false }
    var wanted = k
    for entry in entries where wanted > 0 {
      switch entry.state {
      case .fresh, .asked, .late: return false
      case .answered: wanted -= 1
      case .silent, .failed: break
      }
    }
    // Where more are silent than have answered, it is rather the own host that is slow or cut off.
    return entries.count { $0.state == .silent } <= answered
  }

  /// The places of the k closest that are asked. (Entries themselves would be copied.)
  private var candidates: some Sequence<Int> {
    entries.indices.lazy.filter {
      switch entries[$0].state {
      case .fresh, .asked, .answered: true
      case .late, .silent, .failed: false
      }
    }.prefix(k)
  }

  /// Whom to ask now; they count as asked.
  package mutating func next() -> [Contact] {
    guard !isFinished else { return [] }
    let underWay = entries.indices.count { entries[$0].state == .asked } + strangers.count
    let chosen = Array(
      candidates.filter { entries[$0].state == .fresh }.prefix(max(0, Self.concurrency - underWay)))
    for index in chosen { entries[index].state = .asked }
    asked += chosen.count
    return chosen.map { entries[$0].contact }
  }

  /// A node that was asked answered, with a token and the nodes that it knows.
  package mutating func answer(_ id: [UInt8], token: [UInt8]?, naming contacts: [Contact]) {
    guard let index = waiting(id) else { return }
    entries[index].state = .answered
    entries[index].token = token
    answered += 1
    add(contacts, namedBy: entries[index].contact.address, step: entries[index].step + 1)
  }

  /// Somebody that was asked without knowing who it is answered.
  package mutating func answer(
    _ contact: Contact, token: [UInt8]?, naming contacts: [Contact]
  ) {
    add([contact], namedBy: nil, step: 1)
    if let index = index(of: contact.id), entries[index].state == .fresh {
      entries[index].state = .asked
    }
    answer(contact.id, token: token, naming: contacts)
  }

  /// A node that was asked is late. Returns who named it, who may help to reach it.
  package mutating func delay(_ id: [UInt8]) -> Address? {
    guard let index = waiting(id) else { return nil }
    if entries[index].state == .asked { entries[index].state = .late }
    return entries[index].referrer
  }

  /// A node that was asked is silent.
  package mutating func disregard(_ id: [UInt8]) {
    if let index = waiting(id) { entries[index].state = .silent }
  }

  /// A node that was asked will not answer.
  package mutating func fail(_ id: [UInt8]) {
    if let index = waiting(id) { entries[index].state = .failed }
  }

  /// The place of a node that was asked and has not answered.
  private func waiting(_ id: [UInt8]) -> Int? {
    guard let index = index(of: id) else { return nil }
    switch entries[index].state {
    case .asked, .late, .silent: return index
    case .fresh, .answered, .failed: return nil
    }
  }

  private mutating func add(_ contacts: [Contact], namedBy referrer: Address?, step: Int) {
    for contact in contacts where contact.id != own {
      let position = position(of: contact.id)
      guard position == entries.count || entries[position].contact.id != contact.id else {
        continue
      }
      entries.insert(
        Entry(contact: contact, referrer: referrer, step: step, state: .fresh), at: position)
    }
    while entries.count > Self.rememberedLimit * k, entries.last?.state == .fresh {
      entries.removeLast()
    }
  }

  private func index(of id: [UInt8]) -> Int? {
    let position = position(of: id)
    return position < entries.count && entries[position].contact.id == id ? position : nil
  }

  /// Where an entry with that ID stands or would stand.
  private func position(of id: [UInt8]) -> Int {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if ContactTree<Contact>.isCloser(entries[middle].contact.id, than: id, to: target) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low
  }
}
