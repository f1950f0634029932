/// Where a node can be reached: a host, as text, and a port.
///
/// The host is a numeric IPv4 or IPv6 address or a name. Text keeps what a protocol carried, byte
/// for byte (`localhost` and `127.0.0.1` are different identities on the gossip network), and a
/// dotted quad fits Swift's inline strings, so an IPv4 address allocates nothing.
@usableFromInline package struct Address: Hashable, Sendable {
  @usableFromInline package var host: String
  @usableFromInline package var port: UInt16

  /// The longest host that is taken, in bytes (a DNS name's limit, RFC 1035, section 2.3.4).
  package static let longestHost = 255

  @inlinable package init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  /// Reads `HOST:PORT` or `[IPV6]:PORT`. `nil` when the host is empty, too long or holds anything
  /// but letters, digits and `.-_:`, or when the port is not a decimal number from 0 to 65535.
  package init?(parsing text: some StringProtocol) {
    let bytes = Array(text.utf8)
    guard let colon = bytes.lastIndex(of: UInt8(ascii: ":")) else { return nil }
    self.init(host: bytes[..<colon], portText: bytes[(colon + 1)...])
  }

  /// The same from the two parts, as protocols carry them that use another separator.
  package init?(host: Substring, portText: Substring) {
    self.init(host: Array(host.utf8)[...], portText: Array(portText.utf8)[...])
  }

  /// The same in ASCII. A list that a node is sent may name thousands: no generics, no strings on
  /// the way.
  package init?(host: ArraySlice<UInt8>, portText: ArraySlice<UInt8>) {
    guard let (host, port) = Self.parts(host: host, portText: portText) else { return nil }
    self.init(host: String(decoding: host, as: UTF8.self), port: port)
  }

  /// Whether the two parts are an address, for who passes it on as it is.
  package static func isValid(host: ArraySlice<UInt8>, portText: ArraySlice<UInt8>) -> Bool {
    parts(host: host, portText: portText) != nil
  }

  private static func parts(
    host: ArraySlice<UInt8>, portText: ArraySlice<UInt8>
  ) -> (host: ArraySlice<UInt8>, port: UInt16)? {
    guard (1...5).contains(portText.count) else { return nil }
    var port = 0
    for byte in portText {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
      port = port * 10 + Int(byte - UInt8(ascii: "0"))
    }
    guard let port = UInt16(exactly: port), let host = validated(host) else { return nil }
    return (host, port)
  }

  /// The same with a port that was no text.
  package init?(host: ArraySlice<UInt8>, port: UInt16) {
    guard let host = Self.validated(host) else { return nil }
    self.init(host: String(decoding: host, as: UTF8.self), port: port)
  }

  /// A host without brackets around it; `nil` where it is none.
  private static func validated(_ host: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    let isBracketed = host.first == UInt8(ascii: "[") && host.last == UInt8(ascii: "]")
    let host = isBracketed ? host.dropFirst().dropLast() : host
    return (1...longestHost).contains(host.count) && host.allSatisfy(isHostByte) ? host : nil
  }

  private static func isHostByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "."), UInt8(ascii: "-"),
      UInt8(ascii: "_"), UInt8(ascii: ":"):
      true
    default:
      false
    }
  }
}

extension Address: CustomStringConvertible {
  /// `HOST:PORT`, with brackets around an IPv6 host.
  @usableFromInline package var description: String {
    host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
  }
}

/// By host, then by port: a total order that every node agrees on.
extension Address: Comparable {
  @inlinable package static func < (a: Address, b: Address) -> Bool {
    a.host == b.host ? a.port < b.port : a.host < b.host
  }
}
