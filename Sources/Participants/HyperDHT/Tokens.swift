import Hashing
package import Participants

/// What a node gives to who asks, and wants back from who wants to change something: proof that they
/// receive what is sent to their address.
///
/// A token is bound to the address, the port and the command. It holds for as long as the secret that
/// it was made with and the one after it, between one and two of their lifetimes. Nothing is kept for
/// each of them.
package struct Tokens: Sendable {
  private static let secretSize = 32

  private var current: [UInt8]
  private var previous: [UInt8]

  package init(using secrets: inout Secrets) {
    current = secrets.bytes(Self.secretSize)
    previous = current
  }

  /// Makes another secret; what was made with the one before the last does not hold any more.
  package mutating func rotate(using secrets: inout Secrets) {
    previous = current
    current = secrets.bytes(Self.secretSize)
  }

  /// What the address is given for a command: 32 bytes.
  package func token(for address: Address, command: String) -> [UInt8] {
    Self.token(current, address, command)
  }

  /// Whether a token is that of the address and the command, by this secret or the one before.
  package func isValid(_ token: [UInt8], for address: Address, command: String) -> Bool {
    token == Self.token(current, address, command)
      || token == Self.token(previous, address, command)
  }

  private static func token(_ secret: [UInt8], _ address: Address, _ command: String) -> [UInt8] {
    BLAKE2s.hash(secret + Array("\(address) \(command)".utf8))
  }
}
