import Participants

/// Whom to dial: what a peer keeps of the seeds' lists, which may name thousands.
struct Candidates {
  /// Random others that are kept, at most.
  static let sampleLimit = 64
  /// Next greater addresses that are kept, at most.
  static let successorLimit = 8

  /// The nearest smaller address: the one a full peer makes room for.
  private(set) var predecessor: Address?
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
        predecessor = predecessor.map { max($0, peer) } ?? peer
      } else if successors.count < Self.successorLimit || peer < successors[successors.count - 1],
        !successors.contains(peer)
      {
        let position = successors.firstIndex { peer < $0 } ?? successors.count
        successors.insert(peer, at: position)
        if successors.count > Self.successorLimit { successors.removeLast() }
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
}
