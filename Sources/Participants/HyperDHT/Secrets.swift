import Hashing
import Participants

/// Numbers that nobody can foresee who does not know the key: the hash of the key and of how many
/// blocks there were before, block after block (as Hash_DRBG makes them, NIST SP 800-90A, 10.1.1).
///
/// The generator that a participant is handed will not do for these: it is seeded by the run's seed,
/// and what it gave tells what it is going to give.
package struct Secrets: Sendable {
  private let key: [UInt8]
  private var blocks: UInt64 = 0
  private var block: ArraySlice<UInt8> = []

  /// - Parameter key: ``ParticipantSettings/secret``.
  package init(key: [UInt8]) { self.key = key }

  /// Any number of 16 bits.
  package mutating func number() -> UInt16 { bytes(2).reduce(0) { $0 << 8 | UInt16($1) } }

  /// So many bytes.
  package mutating func bytes(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      if block.isEmpty {
        blocks += 1
        block =
          BLAKE2s.hash(key + (0..<8).map { UInt8(truncatingIfNeeded: blocks >> ($0 * 8)) })[...]
      }
      let part = block.prefix(count - bytes.count)
      bytes += part
      block = block.dropFirst(part.count)
    }
    return bytes
  }
}
