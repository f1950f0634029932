import Participants

/// Whom a client knows to have what it misses, and whom it asks nothing for now.
struct Owners {
  /// Owners remembered of each piece; the one that was named first makes room.
  private static let mostOfPiece = 16

  /// Why an owner is asked nothing.
  enum Offence: String {
    case dead, slow, lying, without
  }

  private let own: Address
  private var ofPiece: [Int: [Address]] = [:]
  /// Until when an owner is asked nothing; `nil`: never again.
  private var avoided: [Address: Instant?] = [:]
  private var underWay: [Address: Int] = [:]

  init(own: Address) { self.own = own }

  mutating func learn(_ owner: Address, of piece: Int) {
    guard owner != own, !isBarred(owner) else { return }
    ofPiece[piece]?.removeAll { $0 == owner }
    ofPiece[piece, default: []].append(owner)
    if ofPiece[piece, default: []].count > Self.mostOfPiece { ofPiece[piece]?.removeFirst() }
  }

  mutating func forget(_ owner: Address, of piece: Int) {
    ofPiece[piece]?.removeAll { $0 == owner }
  }

  /// The piece is here: nobody is asked for it again.
  mutating func forget(piece: Int) { ofPiece[piece] = nil }

  /// Leaves an owner alone: until a time, or for ever. What was learned of it is forgotten: whoever
  /// says it again is believed when the time is over.
  ///
  /// - Returns: whether it was not left alone already.
  mutating func avoid(_ owner: Address, until: Instant?, at now: Instant) -> Bool {
    guard !isBarred(owner) else { return false }
    let isNews = until == nil || !isAvoided(owner, at: now)
    avoided[owner] = .some(until)
    for piece in ofPiece.keys { ofPiece[piece]?.removeAll { $0 == owner } }
    return isNews
  }

  private func isAvoided(_ owner: Address, at now: Instant) -> Bool {
    guard let until = avoided[owner] else { return false }
    return until.map { now < $0 } ?? true
  }

  /// Whether an owner is asked nothing ever again.
  private func isBarred(_ owner: Address) -> Bool {
    guard let until = avoided[owner] else { return false }
    return until == nil
  }

  /// Whether there is an owner of a piece that may be asked.
  func knows(ownerOf piece: Int, at now: Instant) -> Bool {
    ofPiece[piece]?.contains { !isAvoided($0, at: now) } ?? false
  }

  /// How many owners of a piece may be asked.
  func count(of piece: Int, at now: Instant) -> Int {
    ofPiece[piece, default: []].count { !isAvoided($0, at: now) }
  }

  /// The owner to ask for a piece: the one with the fewest requests under way, and among equals the
  /// one named last. `nil` when all have `limit` of them.
  func choose(for piece: Int, atMost limit: Int, excluding: Address?, at now: Instant) -> Address? {
    ofPiece[piece, default: []].reversed()
      .filter { $0 != excluding && underWay[$0, default: 0] < limit && !isAvoided($0, at: now) }
      .min { underWay[$0, default: 0] < underWay[$1, default: 0] }
  }

  mutating func ask(_ owner: Address) { underWay[owner, default: 0] += 1 }

  mutating func unask(_ owner: Address) {
    let left = underWay[owner, default: 1] - 1
    underWay[owner] = left > 0 ? left : nil
  }
}
