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
    var bytes: [UInt8] = []
    return append(address, to: &bytes) ? bytes : nil
  }

  /// False, and nothing is added, when ``encode(_:)-(Address)`` would be `nil`.
  private func append(_ address: Address, to bytes: inout [UInt8]) -> Bool {
    switch self {
    case .ipv4:
      guard let ip = IPv4(address.host == "localhost" ? "127.0.0.1" : address.host) else {
        return false
      }
      for shift: UInt32 in [24, 16, 8, 0] {
        bytes.append(UInt8(truncatingIfNeeded: ip.bits >> shift))
      }
    case .ipv6:
      guard let ip = IPv6(address.host) else { return false }
      bytes += ip.bytes
    }
    bytes.append(UInt8(address.port >> 8))
    bytes.append(UInt8(address.port & 0xff))
    return true
  }

  /// `nil` when there are not as many bytes as an address has.
  package func decode(_ bytes: some Collection<UInt8>) -> Address? {
    guard bytes.count == size else { return nil }
    let ip = bytes.prefix(width)
    let port = bytes.suffix(2).reduce(UInt16(0)) { $0 << 8 | UInt16($1) }
    switch self {
    case .ipv4:
      return Address(host: IPv4(bits: ip.reduce(0) { $0 << 8 | UInt32($1) }).text, port: port)
    case .ipv6:
      return Address(host: IPv6(bytes: ip).text, port: port)
    }
  }

  /// - Throws: when the length does not divide: the list is refused whole.
  package func decodeList(_ bytes: [UInt8]) throws(WireError) -> [Address] {
    try split(bytes, every: size).compactMap { decode($0) }
  }

  // MARK: Nodes

  /// `nil` when the ID has not 32 bytes, or the address is of the other family.
  package func encode(_ contact: Contact) -> [UInt8]? {
    let bytes = encode([contact])
    return bytes.isEmpty ? nil : bytes
  }

  /// A list; contacts that cannot be encoded are left out.
  package func encode(_ contacts: some Sequence<Contact>) -> [UInt8] {
    var bytes: [UInt8] = []
    for contact in contacts where contact.id.count == Contact.idSize {
      let start = bytes.count
      bytes += contact.id
      if !append(contact.address, to: &bytes) { bytes.removeLast(bytes.count - start) }
    }
    return bytes
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
