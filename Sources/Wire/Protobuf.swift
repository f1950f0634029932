/// Reads a message of Protocol Buffers, field by field ("Protocol Buffers: Encoding", the wire format
/// of versions 2 and 3).
///
/// Of unknown fields all but groups can be passed over; those are refused, as nothing here uses them.
package struct ProtobufReader: Sendable {
  package enum Value: Equatable, Sendable {
    case number(UInt64)
    /// Of a text, bytes or an embedded message.
    case bytes(ArraySlice<UInt8>)
    /// Of wire types with a fixed width: nothing here has a use for them.
    case other
  }

  /// Fields that a message may have.
  package static let mostFields = 256

  private var reader: ByteReader
  private var fields = 0

  package init(_ bytes: [UInt8]) { reader = ByteReader(bytes) }

  /// The next field; `nil` at the end.
  ///
  /// - Throws: for bytes that are no field.
  package mutating func next() throws(WireError) -> (field: Int, value: Value)? {
    guard reader.remaining > 0 else { return nil }
    fields += 1
    guard fields <= Self.mostFields else {
      throw WireError("more than \(Self.mostFields) fields")
    }
    let key = try number()
    guard let field = Int(exactly: key >> 3), (1...0x1fff_ffff).contains(field) else {
      throw WireError("a field's number is out of range")
    }
    switch key & 7 {
    case 0:
      return (field, .number(try number()))
    case 1:
      _ = try reader.bytes(8)
      return (field, .other)
    case 2:
      guard let length = Int(exactly: try number()) else { throw .truncated }
      return (field, .bytes(try reader.bytes(length)))
    case 5:
      _ = try reader.bytes(4)
      return (field, .other)
    default:
      throw WireError("a field has an unknown wire type")
    }
  }

  /// Seven bits a byte, the least significant first, in ten bytes at most.
  private mutating func number() throws(WireError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), through: 63, by: 7) {
      let byte = try reader.byte()
      guard shift < 63 || byte <= 1 else { break }
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
    }
    throw WireError("a number is longer than 64 bits")
  }
}

/// Writes a message of Protocol Buffers. Fields are to be written in the order of their numbers.
package struct ProtobufWriter: Sendable {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  /// Writes a number as a varint.
  package mutating func write(_ number: UInt64, field: Int) {
    append(UInt64(field) << 3)
    append(number)
  }

  /// Writes bytes, a text's or an embedded message's, with their length before them.
  package mutating func write(_ content: [UInt8], field: Int) {
    append(UInt64(field) << 3 | 2)
    append(UInt64(content.count))
    bytes += content
  }

  /// The same where there may be nothing to write.
  package mutating func write(_ content: [UInt8]?, field: Int) {
    if let content { write(content, field: field) }
  }

  private mutating func append(_ number: UInt64) {
    var rest = number
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }
}
