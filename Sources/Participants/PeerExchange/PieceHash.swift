import Hashing
import Participants

/// A piece's name: the SHA-256 of its bytes.
package struct PieceHash: Hashable, Sendable, EventValue {
  private let words: InlineWords

  /// Four words, because Swift's inline arrays are not hashable.
  private struct InlineWords: Hashable, Sendable {
    var a: UInt64 = 0
    var b: UInt64 = 0
    var c: UInt64 = 0
    var d: UInt64 = 0
  }

  /// From 32 bytes. Bytes that are missing count as zeros.
  package init(_ bytes: some Sequence<UInt8>) {
    var words = InlineWords()
    for (index, byte) in bytes.prefix(SHA256.size).enumerated() {
      let shifted = UInt64(byte) << (56 - 8 * (index % 8))
      switch index / 8 {
      case 0: words.a |= shifted
      case 1: words.b |= shifted
      case 2: words.c |= shifted
      default: words.d |= shifted
      }
    }
    self.words = words
  }

  /// 32 bytes.
  package var bytes: [UInt8] {
    [words.a, words.b, words.c, words.d].flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * UInt64($0))) }
    }
  }
}

/// 64 hexadecimal digits.
extension PieceHash: CustomStringConvertible {
  package var description: String { Hexadecimal.text(bytes) }
}
