import Hashing
package import Participants
import Wire

/// What travels between the peers of the exchange, and its exact bytes: `uint32 size` (little-endian,
/// not counting itself), `uint8 type`, then the body. Source: what the original program was seen to
/// send (fixtures in `Tests/PeerExchangeTests`).
package enum PeerExchangeWire {
  /// Size and type.
  package static let header = 5
  /// An IPv6 address and a port.
  package static let entry = 18
  /// Addresses in a peers message, at most: of those that are sent and of those that are read.
  package static let longestList = 1_024

  enum Kind: UInt8 {
    case ask
    case give
    case peers
  }

  /// Asks for a piece.
  package static func ask(_ hash: PieceHash) -> [UInt8] {
    begin(.ask, body: SHA256.size) + hash.bytes
  }

  /// What stands before a piece of so many bytes.
  package static func give(_ hash: PieceHash, bytes: Int) -> [UInt8] {
    begin(.give, body: SHA256.size + bytes) + hash.bytes
  }

  /// Ours put their own address first; originals list theirs anywhere. Addresses that are no IPv4 or IPv6 address are left out.
  package static func peers(_ addresses: [Address]) -> [UInt8] {
    let entries = addresses.prefix(longestList).compactMap(entry)
    return begin(.peers, body: entries.count * entry) + entries.joined()
  }

  /// IPv4 mapped into IPv6, and the port little-endian, as the original has it.
  private static func entry(_ address: Address) -> [UInt8]? {
    guard let host = IPv6(address.host) else { return nil }
    return host.bytes + [UInt8(address.port & 255), UInt8(address.port >> 8)]
  }

  /// From 18 bytes.
  static func address(_ entry: ArraySlice<UInt8>) -> Address {
    let port = UInt16(entry[entry.endIndex - 2]) | UInt16(entry[entry.endIndex - 1]) << 8
    return Address(host: IPv6(bytes: entry.dropLast(2)).text, port: port)
  }

  private static func begin(_ kind: Kind, body: Int) -> [UInt8] {
    let size = UInt32(body + 1)
    return (0..<4).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) } + [kind.rawValue]
  }
}
