package import Participants

/// A seed's peers, and the answers that list them.
///
/// Up to a limit an answer names everybody, in the order in which they registered, as the original
/// does. Beyond it, the cost of a network would grow with the square of its size: an answer then
/// names the asker, those next to it in the order of addresses (whom it must know to be anchored and
/// to make room: docs/decisions/0003), and others at random.
package struct PeerList {
  /// Next smaller and next greater addresses that every answer names.
  package static let neighbours = 8

  private let limit: Int
  private var order: [Address] = []
  /// The same, ascending.
  private var sorted: [Address] = []
  /// The whole list as an answer's body; kept while it is short enough to be sent.
  private var encoded: [UInt8] = []

  package init(limit: Int) { self.limit = limit }

  package var count: Int { order.count }

  /// Whether a peer is listed.
  package func contains(_ peer: Address) -> Bool {
    let position = position(of: peer)
    return position < sorted.count && sorted[position] == peer
  }

  /// Lists a peer, once.
  package mutating func add(_ peer: Address) {
    let position = position(of: peer)
    guard position == sorted.count || sorted[position] != peer else { return }
    sorted.insert(peer, at: position)
    order.append(peer)
    if order.count <= limit { encoded += GossipWire.listEntries([peer]) }
  }

  /// Lists a peer no more.
  package mutating func remove(_ peer: Address) {
    let position = position(of: peer)
    guard position < sorted.count, sorted[position] == peer else { return }
    sorted.remove(at: position)
    order.removeAll { $0 == peer }
    if order.count <= limit { encoded = GossipWire.listEntries(order) }
  }

  /// The body of an answer, and how many peers it names.
  package func answer(
    to asker: Address?, using random: inout SeededGenerator
  ) -> (body: [UInt8], count: Int) {
    guard order.count > limit else { return (encoded, order.count) }
    var chosen: [Address] = []
    if let asker {
      let position = position(of: asker)
      chosen += sorted[max(0, position - Self.neighbours)..<position]
      chosen += sorted[position..<min(sorted.count, position + 1 + Self.neighbours)]
    }
    var named = Set(chosen)
    while chosen.count < limit {
      let peer = order[Int.random(in: 0..<order.count, using: &random)]
      if named.insert(peer).inserted { chosen.append(peer) }
    }
    return (GossipWire.listEntries(chosen), chosen.count)
  }

  private func position(of peer: Address) -> Int {
    var low = 0
    var high = sorted.count
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < peer { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
