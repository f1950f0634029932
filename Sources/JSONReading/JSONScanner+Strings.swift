/// Strings: RFC 8259, section 7, in well-formed UTF-8 (RFC 3629, section 4).
extension JSONScanner {
  /// Skips a string. `position` is at its opening quote.
  ///
  /// - Throws: what is wrong with it.
  package static func skipString(_ bytes: Span<UInt8>, _ position: inout Int) throws(SyntaxError) {
    let start = position
    position += 1
    while true {
      skipPlainText(bytes, &position)
      guard position < bytes.count else { throw SyntaxError("a string without its end", at: start) }
      switch bytes[position] {
      case UInt8(ascii: "\""):
        position += 1
        return
      case UInt8(ascii: "\\"): try skipEscape(bytes, &position)
      case 0..<0x20: throw SyntaxError("a control character in a string", at: position)
      case 0x80...: try skipMultibyteCharacter(bytes, &position)
      default: position += 1
      }
    }
  }

  /// Skips eight bytes at a time while none of them is a quote, a backslash, a control character or
  /// beyond ASCII; stops at the first that is, or in the last seven bytes.
  @inline(__always)
  private static func skipPlainText(_ bytes: Span<UInt8>, _ position: inout Int) {
    let low: UInt64 = 0x0101_0101_0101_0101
    let high: UInt64 = 0x8080_8080_8080_8080
    while position + 8 <= bytes.count {
      let word = UInt64(
        littleEndian: unsafe bytes.bytes.unsafeLoadUnaligned(
          fromByteOffset: position, as: UInt64.self))
      // A byte's high bit is set where (x - 1) borrows: for the lowest such byte this is exact.
      let quotes = word ^ (low &* UInt64(UInt8(ascii: "\"")))
      let backslashes = word ^ (low &* UInt64(UInt8(ascii: "\\")))
      let special =
        ((quotes &- low) & ~quotes) | ((backslashes &- low) & ~backslashes)
        | ((word &- low &* 0x20) & ~word) | word
      let marks = special & high
      guard marks == 0 else {
        position += marks.trailingZeroBitCount / 8
        return
      }
      position += 8
    }
  }

  private static func skipEscape(_ bytes: Span<UInt8>, _ position: inout Int) throws(SyntaxError) {
    let start = position
    switch try byte(bytes, position + 1, or: "a string without its end") {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
      UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      position += 2
    case UInt8(ascii: "u"):
      switch try codeUnit(bytes, &position) {
      case 0xD800..<0xDC00:
        guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
          bytes[position + 1] == UInt8(ascii: "u"),
          case 0xDC00..<0xE000 = try codeUnit(bytes, &position)
        else { throw SyntaxError("half of a surrogate pair", at: start) }
      case 0xDC00..<0xE000: throw SyntaxError("half of a surrogate pair", at: start)
      default: break
      }
    default: throw SyntaxError("an unknown escape in a string", at: start)
    }
  }

  /// The value of the `\uXXXX` at `position`, which moves behind it.
  private static func codeUnit(
    _ bytes: Span<UInt8>, _ position: inout Int
  ) throws(SyntaxError) -> UInt16 {
    var value: UInt16 = 0
    for index in position + 2..<position + 6 {
      let digit = try byte(bytes, index, or: "a string without its end")
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        value = value << 4 | UInt16(digit - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"):
        value = value << 4 | UInt16((digit | 0x20) - UInt8(ascii: "a") + 10)
      default: throw SyntaxError("four hexadecimal digits are due after \\u", at: position)
      }
    }
    position += 6
    return value
  }

  /// RFC 3629, section 4, `UTF8-2`, `UTF8-3` and `UTF8-4`.
  private static func skipMultibyteCharacter(
    _ bytes: Span<UInt8>, _ position: inout Int
  ) throws(SyntaxError) {
    let second: ClosedRange<UInt8>
    let length: Int
    switch bytes[position] {
    case 0xC2...0xDF: (second, length) = (0x80...0xBF, 2)
    case 0xE0: (second, length) = (0xA0...0xBF, 3)
    case 0xED: (second, length) = (0x80...0x9F, 3)
    case 0xE1...0xEF: (second, length) = (0x80...0xBF, 3)
    case 0xF0: (second, length) = (0x90...0xBF, 4)
    case 0xF1...0xF3: (second, length) = (0x80...0xBF, 4)
    case 0xF4: (second, length) = (0x80...0x8F, 4)
    default: throw SyntaxError("not UTF-8", at: position)
    }
    guard position + length <= bytes.count, second.contains(bytes[position + 1]) else {
      throw SyntaxError("not UTF-8", at: position)
    }
    for index in position + 2..<max(position + length, position + 2) {
      guard bytes[index] & 0xC0 == 0x80 else { throw SyntaxError("not UTF-8", at: position) }
    }
    position += length
  }
}
