/// A strict validator of JSON texts (RFC 8259) on raw bytes: it accepts or rejects, and copies
/// nothing.
///
/// Stricter than the RFC's grammar where a later reader would stumble: bytes must be well-formed
/// UTF-8 (section 8.1), an escaped surrogate must have its other half (section 8.2 calls the
/// behaviour of software on lone ones unpredictable), and nesting has a limit.
package enum JSONScanner {
  /// How many arrays and objects may be open at once.
  package static let deepest = 64

  /// What is wrong, and where.
  package struct SyntaxError: Error, Equatable, CustomStringConvertible {
    package var problem: StaticString
    /// From 0.
    package var offset: Int

    package init(_ problem: StaticString, at offset: Int) {
      self.problem = problem
      self.offset = offset
    }

    package static func == (a: SyntaxError, b: SyntaxError) -> Bool {
      a.description == b.description
    }

    package var description: String { "byte \(offset + 1): \(problem)" }
  }

  /// Accepts one JSON text with spaces around it, and nothing else.
  ///
  /// - Throws: what is wrong first, and where.
  package static func validate(_ bytes: Span<UInt8>) throws(SyntaxError) {
    var position = 0
    skipSpaces(bytes, &position)
    try skipValue(bytes, &position, depth: 0)
    skipSpaces(bytes, &position)
    guard position == bytes.count else {
      throw SyntaxError("something follows the end of the value", at: position)
    }
  }

  /// Skips what may stand between two signs: space, tab, line feed, carriage return.
  @inlinable package static func skipSpaces(_ bytes: Span<UInt8>, _ position: inout Int) {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return
      }
    }
  }

  /// The byte at `position`, or a fault that says what should be there.
  ///
  /// - Throws: `problem` at the end of the text.
  @inlinable package static func byte(
    _ bytes: Span<UInt8>, _ position: Int, or problem: StaticString
  ) throws(SyntaxError) -> UInt8 {
    guard position < bytes.count else { throw SyntaxError(problem, at: position) }
    return bytes[position]
  }

  /// Skips one value. `depth` is the number of arrays and objects around it.
  ///
  /// - Throws: what is wrong with it.
  package static func skipValue(
    _ bytes: Span<UInt8>, _ position: inout Int, depth: Int
  ) throws(SyntaxError) {
    switch try byte(bytes, position, or: "the text ends where a value is due") {
    case UInt8(ascii: "\""): try skipString(bytes, &position)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try skipNumber(bytes, &position)
    case UInt8(ascii: "{"): try skipObject(bytes, &position, depth: depth)
    case UInt8(ascii: "["): try skipArray(bytes, &position, depth: depth)
    case UInt8(ascii: "t"): try skipWord("true", bytes, &position)
    case UInt8(ascii: "f"): try skipWord("false", bytes, &position)
    case UInt8(ascii: "n"): try skipWord("null", bytes, &position)
    default: throw SyntaxError("not the beginning of a value", at: position)
    }
  }

  private static func skipWord(
    _ word: StaticString, _ bytes: Span<UInt8>, _ position: inout Int
  ) throws(SyntaxError) {
    for index in 0..<word.utf8CodeUnitCount {
      guard position + index < bytes.count,
        unsafe bytes[position + index] == word.utf8Start[index]
      else { throw SyntaxError("not the beginning of a value", at: position) }
    }
    position += word.utf8CodeUnitCount
  }

  private static func skipArray(
    _ bytes: Span<UInt8>, _ position: inout Int, depth: Int
  ) throws(SyntaxError) {
    guard depth < deepest else { throw SyntaxError("nested too deep", at: position) }
    position += 1
    skipSpaces(bytes, &position)
    if try byte(bytes, position, or: "an array without its end") == UInt8(ascii: "]") {
      position += 1
      return
    }
    while true {
      skipSpaces(bytes, &position)
      try skipValue(bytes, &position, depth: depth + 1)
      skipSpaces(bytes, &position)
      switch try byte(bytes, position, or: "an array without its end") {
      case UInt8(ascii: ","): position += 1
      case UInt8(ascii: "]"):
        position += 1
        return
      default: throw SyntaxError("',' or ']' is due in an array", at: position)
      }
    }
  }

  private static func skipObject(
    _ bytes: Span<UInt8>, _ position: inout Int, depth: Int
  ) throws(SyntaxError) {
    guard depth < deepest else { throw SyntaxError("nested too deep", at: position) }
    position += 1
    skipSpaces(bytes, &position)
    if try byte(bytes, position, or: "an object without its end") == UInt8(ascii: "}") {
      position += 1
      return
    }
    while true {
      skipSpaces(bytes, &position)
      try skipName(bytes, &position)
      try skipValue(bytes, &position, depth: depth + 1)
      if try endsMember(bytes, &position) { return }
    }
  }

  /// Skips a member's name and its colon, up to the value.
  ///
  /// - Throws: that it is not there, or not well-formed.
  @inlinable package static func skipName(_ bytes: Span<UInt8>, _ position: inout Int)
    throws(SyntaxError)
  {
    guard try byte(bytes, position, or: "an object without its end") == UInt8(ascii: "\"") else {
      throw SyntaxError("a member's name is due", at: position)
    }
    try skipString(bytes, &position)
    skipSpaces(bytes, &position)
    guard try byte(bytes, position, or: "an object without its end") == UInt8(ascii: ":") else {
      throw SyntaxError("':' is due after a member's name", at: position)
    }
    position += 1
    skipSpaces(bytes, &position)
  }

  /// After a member's value: skips the comma (false) or the closing brace (true).
  ///
  /// - Throws: that neither is there.
  @inlinable package static func endsMember(_ bytes: Span<UInt8>, _ position: inout Int)
    throws(SyntaxError) -> Bool
  {
    skipSpaces(bytes, &position)
    switch try byte(bytes, position, or: "an object without its end") {
    case UInt8(ascii: ","):
      position += 1
      return false
    case UInt8(ascii: "}"):
      position += 1
      return true
    default: throw SyntaxError("',' or '}' is due in an object", at: position)
    }
  }

  /// RFC 8259, section 6: `[ minus ] int [ frac ] [ exp ]`.
  private static func skipNumber(_ bytes: Span<UInt8>, _ position: inout Int) throws(SyntaxError) {
    if bytes[position] == UInt8(ascii: "-") { position += 1 }
    if position < bytes.count, bytes[position] == UInt8(ascii: "0") {
      position += 1
    } else {
      try skipDigits(bytes, &position)
    }
    if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
      position += 1
      try skipDigits(bytes, &position)
    }
    if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
      position += 1
      if position < bytes.count,
        bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-")
      {
        position += 1
      }
      try skipDigits(bytes, &position)
    }
  }

  private static func skipDigits(_ bytes: Span<UInt8>, _ position: inout Int) throws(SyntaxError) {
    let start = position
    while position < bytes.count, isDigit(bytes[position]) { position += 1 }
    guard position > start else { throw SyntaxError("a digit is due", at: position) }
  }

  /// Whether it is one of `0` to `9`.
  @inlinable package static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
}
