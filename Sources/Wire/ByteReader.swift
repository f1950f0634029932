/// Why bytes could not be read or written as a protocol wants them.
package struct WireError: Error, Equatable, CustomStringConvertible {
  /// What was found, in a few words.
  package let description: String

  package init(_ description: String) { self.description = description }

  package static let truncated = WireError("it ends too early")
}

/// Reads what somebody sent, from the first byte on. It never reads past the end, whatever lengths
/// the bytes claim.
package struct ByteReader: Sendable {
  private let bytes: [UInt8]
  /// Bytes that have been read.
  package private(set) var position = 0

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Bytes that have not been read yet.
  package var remaining: Int { bytes.count - position }

  /// The next byte.
  ///
  /// - Throws: at the end.
  package mutating func byte() throws(WireError) -> UInt8 {
    guard remaining > 0 else { throw .truncated }
    defer { position += 1 }
    return bytes[position]
  }

  /// The next so many bytes, without a copy.
  ///
  /// - Throws: where fewer are left.
  package mutating func bytes(_ count: Int) throws(WireError) -> ArraySlice<UInt8> {
    guard count >= 0, count <= remaining else { throw .truncated }
    defer { position += count }
    return bytes[position..<position + count]
  }

  /// An integer of so many bytes, eight at most, with its most significant byte first. (Not generic:
  /// other modules would not get it specialised.)
  ///
  /// - Throws: where fewer bytes are left.
  package mutating func integer(bytes count: Int) throws(WireError) -> UInt64 {
    guard count <= remaining else { throw .truncated }
    defer { position += count }
    var value: UInt64 = 0
    for index in position..<position + count { value = value << 8 | UInt64(bytes[index]) }
    return value
  }
}

/// Collects what is to be sent.
package struct ByteWriter: Sendable {
  package private(set) var bytes: [UInt8] = []

  /// - Parameter capacity: bytes that there is room for without growing.
  package init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

  /// Writes a byte.
  package mutating func write(_ byte: UInt8) { bytes.append(byte) }

  /// Writes bytes.
  package mutating func write(_ more: [UInt8]) { bytes.append(contentsOf: more) }

  /// A text's bytes in UTF-8.
  package mutating func write(_ text: String) { bytes.append(contentsOf: text.utf8) }

  /// Writes so many bytes of an integer, its least significant ones, the most significant first.
  package mutating func write(_ integer: UInt64, bytes count: Int) {
    for place in (0..<count).reversed() {
      bytes.append(UInt8(truncatingIfNeeded: integer >> UInt64(8 * place)))
    }
  }
}
