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
  }

  /// From the four bytes of an IPv4 address.
  package init(mapping ipv4: some Collection<UInt8>) {
    bytes = Self.mapped + ipv4
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
    let halves = Self.halves(of: text)
    guard let front = Self.groups(halves.front, endsAddress: halves.back == nil) else { return nil }
    guard let back = halves.back else {
      guard front.count == 16 else { return nil }
      bytes = front
      return
    }
    guard let back = Self.groups(back, endsAddress: true), front.count + back.count <= 14 else {
      return nil
    }
    bytes = front + [UInt8](repeating: 0, count: 16 - front.count - back.count) + back
  }

  /// What stands before and after the first `::`.
  private static func halves(of text: String) -> (front: Substring, back: Substring?) {
    let characters = Array(text)
    for index in characters.indices.dropLast()
    where characters[index] == ":" && characters[index + 1] == ":" {
      return (text.prefix(index), text.dropFirst(index + 2))
    }
    return (text[...], nil)
  }

  /// Groups of hexadecimal digits with colons between them, as bytes; the last one of an address may
  /// be a dotted quad.
  private static func groups(_ text: Substring, endsAddress: Bool) -> [UInt8]? {
    guard !text.isEmpty else { return [] }
    let groups = text.split(separator: ":", omittingEmptySubsequences: false)
    var bytes: [UInt8] = []
    for (index, group) in groups.enumerated() {
      if endsAddress, index == groups.count - 1, let quad = IPv4(String(group))?.bytes {
        bytes += quad
      } else {
        guard (1...4).contains(group.utf8.count), group.allSatisfy(\.isHexDigit),
          let number = UInt16(group, radix: 16)
        else { return nil }
        bytes += [UInt8(number >> 8), UInt8(number & 255)]
      }
    }
    return bytes.count <= 16 ? bytes : nil
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
    let groups = stride(from: 0, to: 16, by: 2).map {
      UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1])
    }
    var run = 0..<0
    var start = 0
    for (index, group) in groups.enumerated() {
      if group != 0 {
        start = index + 1
      } else if index + 1 - start > max(run.count, 1) {
        run = start..<(index + 1)
      }
    }
    func join(_ groups: ArraySlice<UInt16>) -> String {
      groups.map { String($0, radix: 16) }.joined(separator: ":")
    }
    return run.isEmpty
      ? join(groups[...]) : "\(join(groups[..<run.lowerBound]))::\(join(groups[run.upperBound...]))"
  }
}
