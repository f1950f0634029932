import Participants
import Testing
import Wire

@Suite struct MessagePackTests {
  private static let limits = MessagePack.Limits(depth: 8, values: 1_024)

  private func read(_ bytes: [UInt8]) throws(WireError) -> MessagePack {
    try MessagePack(decoding: bytes, limits: Self.limits)
  }

  @Test(
    "integers take their shortest form",
    arguments: [
      (0, [0x00]), (127, [0x7f]), (128, [0xcc, 0x80]), (255, [0xcc, 0xff]),
      (256, [0xcd, 1, 0]), (65_535, [0xcd, 0xff, 0xff]), (65_536, [0xce, 0, 1, 0, 0]),
      (1 << 32, [0xcf, 0, 0, 0, 1, 0, 0, 0, 0]), (-1, [0xff]), (-32, [0xe0]), (-33, [0xd0, 0xdf]),
      (-128, [0xd0, 0x80]), (-129, [0xd1, 0xff, 0x7f]), (-32_769, [0xd2, 0xff, 0xff, 0x7f, 0xff]),
      (.min, [0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0]),
    ] as [(Int64, [UInt8])])
  func integers(value: Int64, bytes: [UInt8]) throws {
    #expect(MessagePack.integer(value).encoded == bytes)
    #expect(try read(bytes) == .integer(value))
  }

  @Test("other kinds are written as the specification has them")
  func otherKinds() throws {
    let examples: [(MessagePack, [UInt8])] = [
      (.null, [0xc0]), (.flag(false), [0xc2]), (.flag(true), [0xc3]),
      (.unsigned(.max), [0xcf] + [UInt8](repeating: 0xff, count: 8)),
      (.double(1.5), [0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0]),
      (.text("å"), [0xa2, 0xc3, 0xa5]), (.text(""), [0xa0]), (.binary([7]), [0xc4, 1, 7]),
      (.array([]), [0x90]), (.array([.null, .integer(1)]), [0x92, 0xc0, 1]),
      (.map([.init(.text("a"), .null)]), [0x81, 0xa1, 0x61, 0xc0]),
    ]
    for (value, bytes) in examples {
      #expect(value.encoded == bytes)
      #expect(try read(bytes) == value)
    }
    #expect(try read([0xca, 0x3f, 0xc0, 0, 0]) == .double(1.5))
  }

  @Test("lengths take their shortest form, and other forms are read")
  func lengths() throws {
    func head(_ value: MessagePack, _ count: Int) -> [UInt8] { Array(value.encoded.prefix(count)) }
    func text(_ length: Int) -> MessagePack { .text(String(repeating: "x", count: length)) }
    func nulls(_ length: Int) -> MessagePack { .array(Array(repeating: .null, count: length)) }
    func binary(_ length: Int) -> MessagePack { .binary(Array(repeating: 0, count: length)) }
    #expect(head(text(31), 1) == [0xbf])
    #expect(head(text(32), 2) == [0xd9, 32])
    #expect(head(text(256), 3) == [0xda, 1, 0])
    #expect(head(text(65_536), 5) == [0xdb, 0, 1, 0, 0])
    #expect(head(binary(255), 2) == [0xc4, 255])
    #expect(head(binary(256), 3) == [0xc5, 1, 0])
    #expect(head(binary(65_536), 5) == [0xc6, 0, 1, 0, 0])
    #expect(head(nulls(15), 1) == [0x9f])
    #expect(head(nulls(16), 3) == [0xdc, 0, 16])
    #expect(head(nulls(65_536), 5) == [0xdd, 0, 1, 0, 0])
    for value in [text(40), text(300), binary(300), nulls(300)] {
      #expect(try read(value.encoded) == value)
    }
    #expect(try read([0xda, 0, 1, 0x61]) == .text("a"))
    #expect(try read([0xdf, 0, 0, 0, 1, 0xc0, 0xc0]) == .map([.init(.null, .null)]))
  }

  @Test("what is cut anywhere, or followed by more, is refused")
  func cuts() throws {
    var random = SeededGenerator(seed: 1)
    for _ in 0..<200 {
      let bytes = Self.value(depth: 0, using: &random).encoded
      for cut in bytes.indices {
        #expect(throws: WireError.self) { try read(Array(bytes[..<cut])) }
      }
      #expect(throws: WireError("1 bytes follow the value")) { try read(bytes + [0]) }
    }
  }

  @Test("claims of huge lengths cost nothing and are refused")
  func hugeLengths() {
    for mark in [0xc6, 0xdb, 0xdd, 0xdf] as [UInt8] {
      #expect(throws: WireError.truncated) { try read([mark, 0xff, 0xff, 0xff, 0xff]) }
    }
  }

  @Test("nesting and the number of values have limits")
  func limits() throws {
    let nested = [UInt8](repeating: 0x91, count: 8) + [0xc0]
    #expect(throws: Never.self) { try read(nested) }
    #expect(throws: WireError("nested more than 8 deep")) { try read([0x91] + nested) }
    #expect(throws: WireError("nested more than 8 deep")) {
      try read([UInt8](repeating: 0x91, count: 1_000_000))
    }
    let many = MessagePack.array(Array(repeating: .null, count: 1_023))
    #expect(try read(many.encoded) == many)
    #expect(throws: WireError("more than 1024 values")) {
      try read(MessagePack.array(Array(repeating: .null, count: 1_024)).encoded)
    }
    let part = MessagePack.array(Array(repeating: .null, count: 600))
    #expect(throws: WireError("more than 1024 values")) {
      try read(MessagePack.array([part, part]).encoded)
    }
  }

  @Test("unknown types and texts that are not UTF-8 are refused")
  func unknownTypes() {
    for mark in [0xc1, 0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8] as [UInt8] {
      #expect(throws: WireError("a value of an unknown type, 0x\(String(mark, radix: 16))")) {
        try read([mark] + [UInt8](repeating: 0, count: 20))
      }
    }
    #expect(throws: WireError("a text that is not UTF-8")) { try read([0xa1, 0xff]) }
  }

  @Test("any value survives, and any bytes are read or refused", arguments: 0..<4)
  func fuzz(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var taken = 0
    for _ in 0..<20_000 {
      let value = Self.value(depth: 0, using: &random)
      var bytes = value.encoded
      #expect(try read(bytes) == value)
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random)
      }
      guard let other = try? read(bytes) else { continue }
      taken += 1
      // What is read in a longer form is written in the shortest, and means the same. A number that
      // is none differs even from itself: its bytes are compared.
      #expect(other.encoded.count <= bytes.count || bytes.contains(0xca))
      #expect(try read(other.encoded).encoded == other.encoded)
    }
    #expect(taken > 1_000)
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0...64, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      _ = try? read(bytes)
    }
  }

  /// A random value of few bytes.
  private static func value(
    depth: Int, using random: inout SeededGenerator
  ) -> MessagePack {
    let kinds = depth < 4 ? 9 : 7
    let length = Int.random(in: 0...5, using: &random)
    switch Int.random(in: 0..<kinds, using: &random) {
    case 0: return .null
    case 1: return .flag(.random(using: &random))
    case 2:
      let bits = Int64.random(in: 0..<64, using: &random)
      return .integer(.random(in: .min ... .max, using: &random) >> bits)
    case 3: return .unsigned(.random(in: UInt64(Int64.max) + 1 ... .max, using: &random))
    case 4: return .double(.random(in: -1e9...1e9, using: &random))
    case 5:
      return .text(String((0..<length).map { _ in "aé€😀".randomElement(using: &random) ?? "a" }))
    case 6: return .binary((0..<length).map { _ in .random(in: 0...255, using: &random) })
    case 7: return .array((0..<length).map { _ in value(depth: depth + 1, using: &random) })
    default:
      return .map(
        (0..<length).map { _ in
          .init(value(depth: depth + 1, using: &random), value(depth: depth + 1, using: &random))
        })
    }
  }
}

@Suite struct ByteReaderTests {
  @Test("integers have their most significant byte first")
  func integers() throws {
    var writer = ByteWriter()
    writer.write(0x0102, bytes: 2)
    writer.write(UInt64(bitPattern: -2), bytes: 4)
    #expect(writer.bytes == [1, 2, 0xff, 0xff, 0xff, 0xfe])
    var reader = ByteReader(writer.bytes)
    #expect(try reader.integer(bytes: 2) == 0x0102)
    #expect(try reader.integer(bytes: 4) == 0xffff_fffe)
    #expect(reader.remaining == 0)
  }

  @Test("a read past the end is refused and takes nothing")
  func pastTheEnd() throws {
    var reader = ByteReader([1, 2, 3])
    #expect(throws: WireError.truncated) { try reader.integer(bytes: 4) }
    #expect(throws: WireError.truncated) { try reader.bytes(4) }
    #expect(throws: WireError.truncated) { try reader.bytes(-1) }
    #expect(try Array(reader.bytes(3)) == [1, 2, 3])
    #expect(throws: WireError.truncated) { try reader.byte() }
  }
}
