package import Participants
package import Wire

/// Addresses and nodes as bytes: an IP address and a port, most significant byte first, and for a
/// node its ID before them. Lists are these one after the other.
package enum IPEncoding: Sendable {
  case ipv4
  case ipv6

  /// Bytes of an IP address.
  private var width: Int {
    switch self {
    case .ipv4: 4
    case .ipv6: 16
    }
  }

  /// Bytes of an encoded address.
  package var size: Int { width + 2 }

  // MARK: Addresses

  /// `nil` when the host is no numeric address of this family (or `localhost`).
  package func encode(_ address: Address) -> [UInt8]? {
    guard let ip = IPv6(address.host), self == .ipv6 || ip.isMapped else { return nil }
    return ip.bytes.suffix(width) + [UInt8(address.port >> 8), UInt8(address.port & 0xff)]
  }

  /// `nil` when there are not as many bytes as an address has.
  package func decode(_ bytes: some Collection<UInt8>) -> Address? {
    guard bytes.count == size else { return nil }
    let ip = bytes.prefix(width)
    let port = bytes.suffix(2).reduce(UInt16(0)) { $0 << 8 | UInt16($1) }
    return Address(host: (self == .ipv4 ? IPv6(mapping: ip) : IPv6(bytes: ip)).text, port: port)
  }

  /// - Throws: when the length does not divide: the list is refused whole.
  package func decodeList(_ bytes: [UInt8]) throws(WireError) -> [Address] {
    try split(bytes, every: size).compactMap { decode($0) }
  }

  // MARK: Nodes

  /// `nil` when the ID has not 32 bytes, or the address is of the other family.
  package func encode(_ contact: Contact) -> [UInt8]? {
    guard contact.id.count == Contact.idSize else { return nil }
    return encode(contact.address).map { contact.id + $0 }
  }

  /// - Throws: when the length does not divide: the list is refused whole.
  package func decodeNodes(_ bytes: [UInt8]) throws(WireError) -> [Contact] {
    try split(bytes, every: Contact.idSize + size).compactMap { part in
      decode(part.dropFirst(Contact.idSize)).map {
        Contact(id: Array(part.prefix(Contact.idSize)), address: $0)
      }
    }
  }

  private func split(
    _ bytes: [UInt8], every size: Int
  ) throws(WireError) -> [ArraySlice<UInt8>] {
    guard bytes.count.isMultiple(of: size) else {
      throw WireError("a list's length is no multiple of \(size)")
    }
    return stride(from: 0, to: bytes.count, by: size).map { bytes[$0..<$0 + size] }
  }
}
