/// A JSON text (RFC 8259) as a value, for texts of strangers: what is taken has limits.
///
/// The text is validated whole by ``JSONScanner`` first, so reading it cannot fail half way.
package enum JSONValue: Equatable, Sendable {
  case null
  case flag(Bool)
  /// A number without fraction and exponent that fits.
  case integer(Int64)
  case real(Double)
  case text(String)
  case array([JSONValue])
  /// In the order of the text. A name may come again: ``subscript(_:)`` gives the last, as most
  /// readers do.
  case object([Member])

  package struct Member: Equatable, Sendable {
    package var name: String
    package var value: JSONValue
  }

  /// The most values in a text, counting each array, object and what is in them.
  package static let mostValues = 262_144

  /// - Throws: what is wrong with the text and where, or that it holds too many values.
  package init(_ bytes: [UInt8], mostValues limit: Int = mostValues) throws(JSONScanner.SyntaxError)
  {
    try JSONScanner.validate(bytes.span)
    var reader = Reader(bytes: bytes, left: limit)
    self = try reader.readValue()
  }

  /// The value of a member of an object; `nil` for anything else.
  package subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.name == name }?.value
  }

  package var text: String? {
    if case .text(let text) = self { text } else { nil }
  }

  package var integer: Int64? {
    if case .integer(let integer) = self { integer } else { nil }
  }

  package var flag: Bool? {
    if case .flag(let flag) = self { flag } else { nil }
  }

  package var array: [JSONValue]? {
    if case .array(let values) = self { values } else { nil }
  }

  /// The texts of an array of nothing but texts.
  package var texts: [String]? {
    guard let values = array else { return nil }
    let texts = values.compactMap(\.text)
    return texts.count == values.count ? texts : nil
  }
}

/// Reads a text that is known to be well-formed, and not too deep.
private struct Reader {
  let bytes: [UInt8]
  /// Values that may still come.
  var left: Int
  private var position = 0

  init(bytes: [UInt8], left: Int) {
    self.bytes = bytes
    self.left = left
  }

  mutating func readValue() throws(JSONScanner.SyntaxError) -> JSONValue {
    guard left > 0 else { throw JSONScanner.SyntaxError("too many values", at: position) }
    left -= 1
    skipSpaces()
    switch bytes[position] {
    case UInt8(ascii: "\""): return .text(try readText())
    case UInt8(ascii: "["): return .array(try readArray())
    case UInt8(ascii: "{"): return .object(try readObject())
    case UInt8(ascii: "t"): return skipWord(4, .flag(true))
    case UInt8(ascii: "f"): return skipWord(5, .flag(false))
    case UInt8(ascii: "n"): return skipWord(4, .null)
    default: return try readNumber()
    }
  }

  private mutating func skipWord(_ length: Int, _ value: JSONValue) -> JSONValue {
    position += length
    return value
  }

  private mutating func skipSpaces() {
    var next = position
    JSONScanner.skipSpaces(bytes.span, &next)
    position = next
  }

  private mutating func readArray() throws(JSONScanner.SyntaxError) -> [JSONValue] {
    var values: [JSONValue] = []
    while try findNext(before: UInt8(ascii: "]")) { values.append(try readValue()) }
    return values
  }

  private mutating func readObject() throws(JSONScanner.SyntaxError) -> [JSONValue.Member] {
    var members: [JSONValue.Member] = []
    while try findNext(before: UInt8(ascii: "}")) {
      let name = try readText()
      skipSpaces()
      position += 1
      members.append(JSONValue.Member(name: name, value: try readValue()))
    }
    return members
  }

  /// Skips an opening bracket or a comma, and says whether an element follows; if not, skips the
  /// closing bracket.
  private mutating func findNext(before end: UInt8) throws(JSONScanner.SyntaxError) -> Bool {
    skipSpaces()
    if bytes[position] != end {
      position += 1
      skipSpaces()
      guard bytes[position] == end else { return true }
    }
    position += 1
    return false
  }

  private mutating func readNumber() throws(JSONScanner.SyntaxError) -> JSONValue {
    let start = position
    while position < bytes.count, Self.isNumberByte(bytes[position]) { position += 1 }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if let integer = Int64(text) { return .integer(integer) }
    guard let real = Double(text), real.isFinite else {
      throw JSONScanner.SyntaxError("a number that is too large", at: start)
    }
    return .real(real)
  }

  private static func isNumberByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "e"),
      UInt8(ascii: "E"):
      true
    default: JSONScanner.isDigit(byte)
    }
  }

  private mutating func readText() throws(JSONScanner.SyntaxError) -> String {
    let start = position
    var end = start
    try JSONScanner.skipString(bytes.span, &end)
    position = end
    let inside = bytes[start + 1..<position - 1]
    guard inside.contains(UInt8(ascii: "\\")) else {
      return String(decoding: inside, as: UTF8.self)
    }
    return Self.unescaped(inside)
  }

  private static func unescaped(_ inside: ArraySlice<UInt8>) -> String {
    var units: [UInt8] = []
    var index = inside.startIndex
    while index < inside.endIndex {
      guard inside[index] == UInt8(ascii: "\\") else {
        units.append(inside[index])
        index += 1
        continue
      }
      let escaped = inside[index + 1]
      index += 2
      switch escaped {
      case UInt8(ascii: "b"): units.append(0x08)
      case UInt8(ascii: "f"): units.append(0x0C)
      case UInt8(ascii: "n"): units.append(0x0A)
      case UInt8(ascii: "r"): units.append(0x0D)
      case UInt8(ascii: "t"): units.append(0x09)
      case UInt8(ascii: "u"):
        let scalar = character(inside, &index)
        units.append(contentsOf: String(Character(scalar)).utf8)
      default: units.append(escaped)
      }
    }
    return String(decoding: units, as: UTF8.self)
  }

  /// The character whose first four hexadecimal digits are at `index`, which moves behind its last.
  private static func character(_ text: ArraySlice<UInt8>, _ index: inout Int) -> Unicode.Scalar {
    let high = codeUnit(text, index)
    index += 4
    guard (0xD800..<0xDC00).contains(high) else { return Unicode.Scalar(high) ?? "\u{FFFD}" }
    let low = codeUnit(text, index + 2)
    index += 6
    return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)) ?? "\u{FFFD}"
  }

  private static func codeUnit(_ text: ArraySlice<UInt8>, _ start: Int) -> UInt32 {
    text[start..<start + 4].reduce(0) { unit, digit in
      let value = JSONScanner.isDigit(digit) ? digit & 15 : (digit & 7) + 9
      return unit << 4 | UInt32(value)
    }
  }
}
