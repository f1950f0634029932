package import JSONReading

/// One line of an event log, validated whole, with the places of its parts: offsets into the bytes
/// it was read from.
///
/// The format is strict where the history depends on it: `t`, `n` and `kind` come first and in this
/// order, then `peer` if there is one, and none of the four comes again.
package struct EventLine {
  /// Microseconds since the epoch.
  package var time: Int64
  /// The node's own count of its lines, from 1.
  package var sequence: Int64
  /// The name of the kind, without its quotes.
  package var kind: Range<Int>
  /// The peer, without its quotes.
  package var peer: Range<Int>?
  /// Where the remaining fields begin: at the comma before the first of them. `nil` without any.
  package var fields: Int?
  /// Just behind the closing brace.
  package var end: Int

  /// What is wrong with a line, and where.
  package typealias SyntaxError = JSONScanner.SyntaxError

  /// Reads a line, without its newline.
  ///
  /// - Throws: what is wrong with it first.
  package init(_ bytes: Span<UInt8>) throws(SyntaxError) {
    var position = 0
    JSONScanner.skipSpaces(bytes, &position)
    guard try JSONScanner.byte(bytes, position, or: "an empty line") == UInt8(ascii: "{") else {
      throw SyntaxError("not a JSON object", at: position)
    }
    position += 1
    try Self.skipName(UInt8(ascii: "t"), bytes, &position, or: "'t' must be the first field")
    time = try Self.count(bytes, &position, or: "'t' must be microseconds since the epoch")
    try Self.skipComma(bytes, &position, or: "'n' must follow 't'")
    try Self.skipName(UInt8(ascii: "n"), bytes, &position, or: "'n' must follow 't'")
    sequence = try Self.count(bytes, &position, or: "'n' must be a whole number from 1")
    guard sequence > 0 else {
      throw SyntaxError("'n' must be a whole number from 1", at: position - 1)
    }
    try Self.skipComma(bytes, &position, or: "'kind' must follow 'n'")
    guard let kind = try Self.member(named: "kind", bytes, &position) else {
      throw SyntaxError("'kind' must follow 'n'", at: position)
    }
    self.kind = kind
    try Self.checkKind(bytes, kind)
    peer = nil
    fields = nil
    var comma = position
    var ended = try Self.endsMember(bytes, &comma, &position)
    if !ended, let peer = try Self.member(named: "peer", bytes, &position) {
      self.peer = peer
      ended = try Self.endsMember(bytes, &comma, &position)
    }
    if !ended {
      fields = comma
      try Self.skipFields(bytes, &position)
    }
    end = position
    JSONScanner.skipSpaces(bytes, &position)
    guard position == bytes.count else {
      throw SyntaxError("something follows the end of the object", at: position)
    }
  }

  /// Like ``JSONScanner/endsMember(_:_:)``, and remembers where the comma or brace was.
  private static func endsMember(
    _ bytes: Span<UInt8>, _ place: inout Int, _ position: inout Int
  ) throws(SyntaxError) -> Bool {
    let ended = try JSONScanner.endsMember(bytes, &position)
    place = position - 1
    return ended
  }

  private static func skipComma(
    _ bytes: Span<UInt8>, _ position: inout Int, or problem: StaticString
  ) throws(SyntaxError) {
    guard try !JSONScanner.endsMember(bytes, &position) else {
      throw SyntaxError(problem, at: position - 1)
    }
  }

  /// Skips `"X":`.
  private static func skipName(
    _ name: UInt8, _ bytes: Span<UInt8>, _ position: inout Int, or problem: StaticString
  ) throws(SyntaxError) {
    JSONScanner.skipSpaces(bytes, &position)
    let start = position
    try JSONScanner.skipName(bytes, &position)
    guard bytes[start + 1] == name, bytes[start + 2] == UInt8(ascii: "\"") else {
      throw SyntaxError(problem, at: start)
    }
  }

  /// Reads a whole number from 0 to Int64.max, which is all of JSON's number grammar that is taken
  /// here.
  private static func count(
    _ bytes: Span<UInt8>, _ position: inout Int, or problem: StaticString
  ) throws(SyntaxError) -> Int64 {
    let start = position
    var value: Int64 = 0
    while position < bytes.count, JSONScanner.isDigit(bytes[position]) {
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let digit = Int64(bytes[position] &- UInt8(ascii: "0"))
      let (sum, carry) = tens.addingReportingOverflow(digit)
      guard !overflow, !carry else { throw SyntaxError(problem, at: start) }
      value = sum
      position += 1
    }
    let length = position - start
    guard length == 1 || (length > 1 && bytes[start] != UInt8(ascii: "0")) else {
      throw SyntaxError(problem, at: start)
    }
    // A fraction or an exponent would be JSON, but not a whole number as this format writes it.
    if position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
        throw SyntaxError(problem, at: start)
      default: break
      }
    }
    return value
  }

  /// If the member at `position` has this name, skips it and gives its value's text: a string
  /// that is not empty and has no escapes. Otherwise leaves `position` where it is.
  private static func member(
    named name: StaticString, _ bytes: Span<UInt8>, _ position: inout Int
  ) throws(SyntaxError) -> Range<Int>? {
    var next = position
    JSONScanner.skipSpaces(bytes, &next)
    let start = next
    guard hasName(name, bytes, at: start) else { return nil }
    try JSONScanner.skipName(bytes, &next)
    let value = next
    guard try JSONScanner.byte(bytes, value, or: "an object without its end") == UInt8(ascii: "\"")
    else { throw SyntaxError("'kind' and 'peer' must be strings", at: value) }
    try JSONScanner.skipString(bytes, &next)
    let text = value + 1..<next - 1
    for index in text where bytes[index] == UInt8(ascii: "\\") {
      throw SyntaxError("'kind' and 'peer' must have no escapes", at: index)
    }
    guard !text.isEmpty else { throw SyntaxError("'kind' and 'peer' must not be empty", at: value) }
    position = next
    return text
  }

  /// Whether `"NAME"` is at `position`.
  @inline(__always)
  private static func hasName(_ name: StaticString, _ bytes: Span<UInt8>, at position: Int) -> Bool
  {
    let length = name.utf8CodeUnitCount
    guard position + length + 1 < bytes.count, bytes[position] == UInt8(ascii: "\""),
      bytes[position + length + 1] == UInt8(ascii: "\"")
    else { return false }
    for index in 0..<length {
      guard unsafe bytes[position + 1 + index] == name.utf8Start[index] else { return false }
    }
    return true
  }

  /// A kind is `area.verb`: lower-case words with a dot between them.
  private static func checkKind(_ bytes: Span<UInt8>, _ kind: Range<Int>) throws(SyntaxError) {
    for index in kind {
      switch bytes[index] {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
        continue
      default: throw SyntaxError("'kind' must be like area.verb, in lower case", at: index)
      }
    }
  }

  /// Skips the members that are left and the closing brace.
  private static func skipFields(_ bytes: Span<UInt8>, _ position: inout Int) throws(SyntaxError) {
    repeat {
      JSONScanner.skipSpaces(bytes, &position)
      let start = position
      try JSONScanner.skipName(bytes, &position)
      switch bytes[start + 1] {
      case UInt8(ascii: "t"), UInt8(ascii: "n"), UInt8(ascii: "k"), UInt8(ascii: "p"):
        guard !hasName("t", bytes, at: start), !hasName("n", bytes, at: start),
          !hasName("kind", bytes, at: start)
        else { throw SyntaxError("'t', 'n' and 'kind' must come once", at: start) }
        guard !hasName("peer", bytes, at: start) else {
          throw SyntaxError("'peer' must come once, right after 'kind'", at: start)
        }
      default: break
      }
      try JSONScanner.skipValue(bytes, &position, depth: 1)
    } while try !JSONScanner.endsMember(bytes, &position)
  }
}
