import Glibc

/// An IPv6 address, or an IPv4 address mapped into IPv6 (RFC 4291, section 2.5.5.2): 16 bytes.
///
/// One address has one text (RFC 5952), so that texts can be compared. A mapped one is written as
/// the IPv4 address that it is.
package struct IPv6: Equatable {
  package let bytes: [UInt8]

  private static let mapped = [UInt8](repeating: 0, count: 10) + [0xff, 0xff]

  /// From 16 bytes.
  package init(bytes: some Collection<UInt8>) {
    self.bytes = Array(bytes)
    precondition(self.bytes.count == 16)
  }

  /// From the four bytes of an IPv4 address.
  package init(mapping ipv4: some Collection<UInt8>) {
    self.init(bytes: Self.mapped + ipv4)
  }

  /// Whether it is an IPv4 address.
  package var isMapped: Bool { bytes.prefix(12) == Self.mapped[...] }

  /// Reads a dotted quad, an IPv6 address in any of its spellings, or `localhost`, which is
  /// 127.0.0.1. `nil` for other names.
  package init?(_ text: String) {
    let text = text == "localhost" ? "127.0.0.1" : text
    if let quad = IPv4(text)?.bytes {
      bytes = Self.mapped + quad
      return
    }
    var bytes = [UInt8](repeating: 0, count: 16)
    // To C a text ends at its first zero.
    guard !text.utf8.contains(0), unsafe inet_pton(AF_INET6, text, &bytes) == 1 else { return nil }
    self.bytes = bytes
  }

  /// Whether it stands for any address, `::` or 0.0.0.0: whoever says so does not know its own.
  package var isUnspecified: Bool {
    bytes.allSatisfy { $0 == 0 }
      || isMapped && bytes.suffix(4) == [0, 0, 0, 0]
  }

  /// As RFC 5952 writes it: small digits, the first longest run of zero groups as `::`.
  package var text: String {
    if isMapped {
      return IPv4(bits: bytes.suffix(4).reduce(0) { $0 << 8 | UInt32($1) }).text
    }
    var text = [UInt8](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    _ = unsafe text.withUnsafeMutableBytes { text in
      unsafe inet_ntop(
        AF_INET6, bytes, text.baseAddress?.assumingMemoryBound(to: CChar.self),
        socklen_t(text.count))
    }
    let written = String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
    // An address of the former kind that was compatible with IPv4 is written as the others are.
    guard written.utf8.contains(UInt8(ascii: ".")) else { return written }
    let groups = [12, 14].map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
    return "::" + groups.map { String($0, radix: 16) }.joined(separator: ":")
  }
}
