import Participants

/// Whom to dial: what a peer keeps of the seeds' lists, which may name thousands.
struct Candidates {
  /// Random others that are kept, at most.
  static let sampleLimit = 64
  /// Next smaller and next greater addresses that are kept, at most.
  static let neighbourLimit = 8

  /// The nearest smaller addresses, nearest first: a full peer makes room for the first.
  private(set) var predecessors: [Address] = []
  /// The nearest greater addresses, nearest first: the ones to be anchored by.
  private(set) var successors: [Address] = []
  /// A fair sample of all (reservoir sampling: Vitter 1985, algorithm R).
  private(set) var sample: [Address] = []
  private var seen = 0

  mutating func removeAll() { self = Candidates() }

  /// Takes a list in. Lists of several seeds overlap, so the sample leans a little towards peers
  /// that several seeds know.
  mutating func fold(_ list: [Address], own: Address, using random: inout SeededGenerator) {
    for peer in list where peer != own {
      if peer < own {
        Self.insert(peer, into: &predecessors) { $0 > $1 }
      } else {
        Self.insert(peer, into: &successors) { $0 < $1 }
      }
      seen += 1
      if sample.count < Self.sampleLimit {
        if !sample.contains(peer) { sample.append(peer) }
      } else {
        let slot = Int.random(in: 0..<seen, using: &random)
        if slot < Self.sampleLimit, !sample.contains(peer) { sample[slot] = peer }
      }
    }
  }
  /// Whether a smaller address would be the nearest one if some of those that the seeds named were
  /// dead. Of one that is farther away than all that are kept, it is not asked.
  func mayBePredecessor(_ peer: Address) -> Bool {
    predecessors.count < Self.neighbourLimit || peer > predecessors[predecessors.count - 1]
  }

  private static func insert(
    _ peer: Address, into nearest: inout [Address], isNearer: (Address, Address) -> Bool
  ) {
    guard nearest.count < neighbourLimit || isNearer(peer, nearest[nearest.count - 1]),
      !nearest.contains(peer)
    else { return }
    nearest.insert(peer, at: nearest.firstIndex { isNearer(peer, $0) } ?? nearest.count)
    if nearest.count > neighbourLimit { nearest.removeLast() }
  }
}
