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

  package mutating func byte() throws(WireError) -> UInt8 {
    guard remaining > 0 else { throw .truncated }
    defer { position += 1 }
    return bytes[position]
  }

  /// The next so many bytes, without a copy.
  package mutating func bytes(_ count: Int) throws(WireError) -> ArraySlice<UInt8> {
    guard count >= 0, count <= remaining else { throw .truncated }
    defer { position += count }
    return bytes[position..<position + count]
  }

  /// An integer with its most significant byte first.
  package mutating func integer<Integer: FixedWidthInteger>(
    _: Integer.Type = Integer.self
  ) throws(WireError) -> Integer {
    var value: Integer.Magnitude = 0
    for byte in try bytes(Integer.bitWidth / 8) {
      value = value << 8 | Integer.Magnitude(truncatingIfNeeded: byte)
    }
    return Integer(truncatingIfNeeded: value)
  }
}

/// Collects what is to be sent.
package struct ByteWriter: Sendable {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  package mutating func write(_ byte: UInt8) { bytes.append(byte) }

  package mutating func write(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

  /// Writes an integer with its most significant byte first.
  package mutating func write(bigEndian integer: some FixedWidthInteger) {
    for shift in stride(from: integer.bitWidth - 8, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: integer >> shift))
    }
  }
}
