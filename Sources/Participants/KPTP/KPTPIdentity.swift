import Hashing
package import Participants

/// A peer's ID, or a key's: the first two bytes of BLAKE2s-256 over a text (of a peer its address,
/// `IP:PORT`).
///
/// There are only 65,536. Of N peers about N² / 131,072 pairs share theirs: 8 of 1,000 peers, 760
/// of 10,000.
package struct PeerID: Hashable, Sendable, EventValue {
  /// Bits of an ID, and buckets of a table.
  package static let bits = 16

  package let number: UInt16

  package init(_ number: UInt16) { self.number = number }

  /// Of an ASCII text.
  package init(of text: [UInt8]) {
    let hash = BLAKE2s.hash(text)
    number = UInt16(hash[0]) << 8 | UInt16(hash[1])
  }

  /// XOR, as an unsigned number.
  package func distance(to other: PeerID) -> UInt16 { number ^ other.number }

  /// Leading bits that both share: 0 to 15, the bucket that one has in the other's table; 16 of the
  /// same ID.
  package func sharedPrefix(with other: PeerID) -> Int { distance(to: other).leadingZeroBitCount }
}

extension PeerID: CustomStringConvertible {
  /// Four hexadecimal digits.
  package var description: String {
    Hexadecimal.text([UInt8(number >> 8), UInt8(number & 0xff)])
  }
}

/// Where a peer can be reached, as messages carry it: an IPv4 address and a port.
package struct Endpoint: Hashable, Sendable {
  package let ip: UInt32
  package let port: UInt16

  package init(ip: UInt32, port: UInt16) {
    self.ip = ip
    self.port = port
  }

  /// `nil` for any host but four decimal numbers, or `localhost`, which is 127.0.0.1.
  package init?(_ address: Address) {
    let host = address.host == "localhost" ? "127.0.0.1" : address.host
    let parts = host.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var ip: UInt32 = 0
    for part in parts {
      guard (1...3).contains(part.count), let octet = UInt8(Substring(part)) else { return nil }
      ip = ip << 8 | UInt32(octet)
    }
    self.init(ip: ip, port: address.port)
  }

  package var address: Address {
    Address(host: String(decoding: host, as: UTF8.self), port: port)
  }

  /// Messages list many peers, of most of which only the ID is wanted: no strings on the way.
  package var id: PeerID {
    var text = host
    text.append(UInt8(ascii: ":"))
    Self.append(UInt32(port), to: &text)
    return PeerID(of: text)
  }

  /// Four decimal numbers, in ASCII.
  private var host: [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity("255.255.255.255:65535".utf8.count)
    for shift in stride(from: UInt32(24), through: 0, by: -8) {
      Self.append(ip >> shift & 0xff, to: &text)
      if shift > 0 { text.append(UInt8(ascii: ".")) }
    }
    return text
  }

  private static func append(_ number: UInt32, to text: inout [UInt8]) {
    if number >= 10 { append(number / 10, to: &text) }
    text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10))
  }

  /// Whether somebody could listen there.
  var isReachable: Bool { ip != 0 && port != 0 }
}
