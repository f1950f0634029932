extension MessagePack {
  /// Reads bytes that are one value and nothing else.
  ///
  /// - Throws: ``WireError`` where the bytes end too early or too late, hold a text that is not
  ///   UTF-8, an extension type or the mark that the specification never uses, or go beyond the
  ///   limits.
  package init(decoding bytes: [UInt8], limits: Limits) throws(WireError) {
    var reader = ByteReader(bytes)
    try self.init(from: &reader, limits: limits)
    guard reader.remaining == 0 else {
      throw WireError("\(reader.remaining) bytes follow the value")
    }
  }

  /// Reads the next value.
  ///
  /// - Throws: for bytes that are no value, or one beyond the limits.
  package init(from reader: inout ByteReader, limits: Limits) throws(WireError) {
    var decoder = MessagePackDecoder(limits: limits)
    self = try decoder.value(from: &reader, depth: 0)
  }
}

/// Reads one value and all that it holds, within limits.
private struct MessagePackDecoder {
  let limits: MessagePack.Limits
  /// Values read so far.
  private var count = 0

  init(limits: MessagePack.Limits) { self.limits = limits }

  mutating func value(
    from reader: inout ByteReader, depth: Int
  ) throws(WireError) -> MessagePack {
    count += 1
    guard count <= limits.values else { throw WireError("more than \(limits.values) values") }
    let mark = try reader.byte()
    switch mark {
    case 0x00...0x7f: return .integer(Int64(mark))
    case 0xe0...0xff: return .integer(Int64(Int8(bitPattern: mark)))
    case 0x80...0x8f: return try map(Int(mark & 15), from: &reader, depth: depth)
    case 0x90...0x9f: return try array(Int(mark & 15), from: &reader, depth: depth)
    case 0xa0...0xbf: return try text(Int(mark & 31), from: &reader)
    case 0xc0: return .null
    case 0xc2: return .flag(false)
    case 0xc3: return .flag(true)
    case 0xc4...0xc6: return .binary(Array(try reader.bytes(reader.length(mark - 0xc4))))
    case 0xca: return .double(Double(Float(bitPattern: UInt32(try reader.integer(bytes: 4)))))
    case 0xcb: return .double(Double(bitPattern: try reader.integer(bytes: 8)))
    case 0xcc...0xd3: return try integer(mark, from: &reader)
    case 0xd9...0xdb: return try text(reader.length(mark - 0xd9), from: &reader)
    case 0xdc, 0xdd:
      return try array(reader.length(mark - 0xdc + 1), from: &reader, depth: depth)
    case 0xde, 0xdf:
      return try map(reader.length(mark - 0xde + 1), from: &reader, depth: depth)
    case 0xc1, 0xc7...0xc9, 0xd4...0xd8:
      throw WireError("a value of an unknown type, 0x\(String(mark, radix: 16))")
    default: preconditionFailure("every byte is named above")
    }
  }

  private func integer(
    _ mark: UInt8, from reader: inout ByteReader
  ) throws(WireError) -> MessagePack {
    let count = 1 << Int(mark & 3)
    let value = try reader.integer(bytes: count)
    if mark < 0xd0 { return Int64(exactly: value).map { .integer($0) } ?? .unsigned(value) }
    // The sign is in the first of its bytes.
    let unused = UInt64(64 - 8 * count)
    return .integer(Int64(bitPattern: value << unused) >> unused)
  }

  private func text(_ length: Int, from reader: inout ByteReader) throws(WireError) -> MessagePack {
    guard let text = String(validating: try reader.bytes(length), as: UTF8.self) else {
      throw WireError("a text that is not UTF-8")
    }
    return .text(text)
  }

  private mutating func array(
    _ length: Int, from reader: inout ByteReader, depth: Int
  ) throws(WireError) -> MessagePack {
    try check(depth: depth, length, from: reader)
    var values: [MessagePack] = []
    values.reserveCapacity(length)
    for _ in 0..<length { values.append(try value(from: &reader, depth: depth + 1)) }
    return .array(values)
  }

  private mutating func map(
    _ length: Int, from reader: inout ByteReader, depth: Int
  ) throws(WireError) -> MessagePack {
    try check(depth: depth, 2 * length, from: reader)
    var members: [MessagePack.Member] = []
    members.reserveCapacity(length)
    for _ in 0..<length {
      let key = try value(from: &reader, depth: depth + 1)
      members.append(MessagePack.Member(key, try value(from: &reader, depth: depth + 1)))
    }
    return .map(members)
  }

  /// Before room is made for what an array or a map says that it holds: each value takes a byte.
  private func check(depth: Int, _ length: Int, from reader: ByteReader) throws(WireError) {
    guard depth < limits.depth else { throw WireError("nested more than \(limits.depth) deep") }
    guard length <= reader.remaining else { throw .truncated }
    guard length <= limits.values - count else {
      throw WireError("more than \(limits.values) values")
    }
  }
}

/// Reading what has a known shape, without a ``MessagePack`` for each value.
extension ByteReader {
  /// What stands before the values of an array: how many there are. It may be a lie.
  ///
  /// - Throws: where no array begins here.
  package mutating func arrayCount() throws(WireError) -> Int {
    let mark = try byte()
    switch mark {
    case 0x90...0x9f: return Int(mark & 15)
    case 0xdc, 0xdd: return try length(mark - 0xdc + 1)
    default: throw WireError("no array")
    }
  }

  /// Binary data.
  ///
  /// - Throws: where no binary value is here, or it is cut short.
  package mutating func binary() throws(WireError) -> ArraySlice<UInt8> {
    let mark = try byte()
    guard (0xc4...0xc6).contains(mark) else { throw WireError("no binary data") }
    return try bytes(length(mark - 0xc4))
  }

  /// A text's bytes, which may be no UTF-8.
  ///
  /// - Throws: where no text is here, or it is cut short.
  package mutating func text() throws(WireError) -> ArraySlice<UInt8> {
    let mark = try byte()
    switch mark {
    case 0xa0...0xbf: return try bytes(Int(mark & 31))
    case 0xd9...0xdb: return try bytes(length(mark - 0xd9))
    default: throw WireError("no text")
    }
  }

  /// A whole number of at most four bytes.
  ///
  /// - Throws: where no whole number is here, or one beyond 64 signed bits.
  package mutating func wholeNumber() throws(WireError) -> Int64 {
    let mark = try byte()
    switch mark {
    case 0x00...0x7f: return Int64(mark)
    case 0xcc...0xce: return Int64(try integer(bytes: 1 << Int(mark - 0xcc)))
    default: throw WireError("no whole number")
    }
  }

  /// A length of one, two or four bytes: form 0, 1 or 2.
  fileprivate mutating func length(_ form: UInt8) throws(WireError) -> Int {
    Int(try integer(bytes: 1 << Int(form)))
  }
}
