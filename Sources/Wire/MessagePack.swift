/// A MessagePack value (github.com/msgpack/msgpack/blob/master/spec.md), but for extension types.
package enum MessagePack: Hashable, Sendable {
  /// A pair of a map. Maps keep the order in which they were read.
  package struct Member: Hashable, Sendable {
    package var key: MessagePack
    package var value: MessagePack

    package init(_ key: MessagePack, _ value: MessagePack) {
      self.key = key
      self.value = value
    }
  }

  case null
  case flag(Bool)
  case integer(Int64)
  /// An integer that is greater than any `Int64`.
  case unsigned(UInt64)
  case double(Double)
  case text(String)
  case binary([UInt8])
  case array([MessagePack])
  case map([Member])

  /// What a reader takes, so that nobody can make it work hard or run out of stack.
  package struct Limits: Sendable {
    /// Arrays and maps inside one another.
    package var depth: Int
    /// Values in all, the keys of maps included.
    package var values: Int

    package init(depth: Int, values: Int) {
      self.depth = depth
      self.values = values
    }
  }

  /// The value of a map's member.
  package subscript(key: String) -> MessagePack? {
    guard case .map(let members) = self else { return nil }
    return members.first { $0.key == .text(key) }?.value
  }
}

// MARK: - Writing

extension MessagePack {
  /// The bytes, in the shortest form of each kind.
  package var encoded: [UInt8] {
    var writer = ByteWriter()
    write(to: &writer)
    return writer.bytes
  }

  /// Writes the bytes, in the shortest form of each kind.
  package func write(to writer: inout ByteWriter) {
    switch self {
    case .null: writer.write(0xc0)
    case .flag(let flag): writer.write(flag ? 0xc3 : 0xc2)
    case .integer(let integer):
      if integer < 0 {
        Self.write(negative: integer, to: &writer)
      } else {
        Self.write(unsigned: UInt64(integer), to: &writer)
      }
    case .unsigned(let integer): Self.write(unsigned: integer, to: &writer)
    case .double(let double):
      writer.write(0xcb)
      writer.write(double.bitPattern, bytes: 8)
    case .text(let text):
      Self.write(length: text.utf8.count, short: (0xa0, 31), (0xd9, 0xda, 0xdb), to: &writer)
      writer.write(text)
    case .binary(let bytes):
      Self.write(length: bytes.count, short: nil, (0xc4, 0xc5, 0xc6), to: &writer)
      writer.write(bytes)
    case .array(let values):
      Self.writeArray(of: values.count, to: &writer)
      for value in values { value.write(to: &writer) }
    case .map(let members):
      Self.write(length: members.count, short: (0x80, 15), (nil, 0xde, 0xdf), to: &writer)
      for member in members {
        member.key.write(to: &writer)
        member.value.write(to: &writer)
      }
    }
  }

  /// What stands before the values of an array.
  package static func writeArray(of count: Int, to writer: inout ByteWriter) {
    write(length: count, short: (0x90, 15), (nil, 0xdc, 0xdd), to: &writer)
  }

  private static func write(unsigned integer: UInt64, to writer: inout ByteWriter) {
    switch integer {
    case ..<0x80: writer.write(UInt8(integer))
    case ..<0x100: write(0xcc, integer, bytes: 1, to: &writer)
    case ..<0x1_0000: write(0xcd, integer, bytes: 2, to: &writer)
    case ..<0x1_0000_0000: write(0xce, integer, bytes: 4, to: &writer)
    default: write(0xcf, integer, bytes: 8, to: &writer)
    }
  }

  private static func write(negative integer: Int64, to writer: inout ByteWriter) {
    let bits = UInt64(bitPattern: integer)
    switch integer {
    case (-32)...: writer.write(UInt8(truncatingIfNeeded: integer))
    case Int64(Int8.min)...: write(0xd0, bits, bytes: 1, to: &writer)
    case Int64(Int16.min)...: write(0xd1, bits, bytes: 2, to: &writer)
    case Int64(Int32.min)...: write(0xd2, bits, bytes: 4, to: &writer)
    default: write(0xd3, bits, bytes: 8, to: &writer)
    }
  }

  private static func write(
    _ mark: UInt8, _ integer: UInt64, bytes count: Int, to writer: inout ByteWriter
  ) {
    writer.write(mark)
    writer.write(integer, bytes: count)
  }

  /// - Parameters:
  ///   - short: the form whose first byte holds the length, and the greatest length that fits.
  ///   - marks: the first bytes of the forms with lengths of one, two and four bytes.
  private static func write(
    length: Int, short: (mark: UInt8, most: Int)?, _ marks: (UInt8?, UInt8?, UInt8?),
    to writer: inout ByteWriter
  ) {
    if let short, length <= short.most {
      writer.write(short.mark | UInt8(length))
    } else if let mark = marks.0, length < 0x100 {
      write(mark, UInt64(length), bytes: 1, to: &writer)
    } else if let mark = marks.1, length < 0x1_0000 {
      write(mark, UInt64(length), bytes: 2, to: &writer)
    } else if let mark = marks.2 {
      write(mark, UInt64(length), bytes: 4, to: &writer)
    }
  }
}
