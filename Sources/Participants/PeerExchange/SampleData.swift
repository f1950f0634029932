import Hashing

/// The pieces that the original program shares to show what it does: piece k is k as a little-endian
/// uint32, then zeros.
package struct SampleData {
  /// Zeros are written and hashed so many at a time, from the same place in memory.
  private static let zeros = [UInt8](repeating: 0, count: 65_536)

  package let pieceSize: Int

  package init(pieceSize: Int) { self.pieceSize = pieceSize }

  /// A piece's name.
  package func hash(of number: Int) -> PieceHash {
    var hash = SHA256()
    for part in parts(of: number) { hash.update(part) }
    return PieceHash(hash.finish())
  }

  /// A piece's bytes, in order.
  package func parts(of number: Int) -> [[UInt8]] {
    var parts = [(0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }]
    let (whole, rest) = (pieceSize - 4).quotientAndRemainder(dividingBy: Self.zeros.count)
    parts += Array(repeating: Self.zeros, count: whole)
    if rest > 0 { parts.append(Array(Self.zeros.prefix(rest))) }
    return parts
  }
}
