import Hashing
package import Participants

/// What a node gives to who asks, and wants back from who wants to change something: proof that they
/// receive what is sent to their address.
///
/// A token is bound to the address, the port and the command. It holds for as long as the secret that
/// it was made with and the one after it, between one and two of their lifetimes. Nothing is kept for
/// each of them.
package struct Tokens: Sendable {
  private var current: [UInt8]
  private var previous: [UInt8]

  package init(using random: inout SeededGenerator) {
    current = Self.secret(using: &random)
    previous = current
  }

  /// Makes another secret; what was made with the one before the last does not hold any more.
  package mutating func rotate(using random: inout SeededGenerator) {
    previous = current
    current = Self.secret(using: &random)
  }

  package func token(for address: Address, command: String) -> [UInt8] {
    Self.token(current, address, command)
  }

  package func isValid(_ token: [UInt8], for address: Address, command: String) -> Bool {
    token == Self.token(current, address, command)
      || token == Self.token(previous, address, command)
  }

  private static func token(_ secret: [UInt8], _ address: Address, _ command: String) -> [UInt8] {
    BLAKE2s.hash(secret + Array("\(address) \(command)".utf8))
  }

  private static func secret(using random: inout SeededGenerator) -> [UInt8] {
    [UInt8].random(32, using: &random)
  }
}

extension [UInt8] {
  package static func random(_ count: Int, using random: inout SeededGenerator) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next() >> 32) }
  }
}
