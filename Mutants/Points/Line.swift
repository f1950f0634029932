/// A line in which rules look for places to change.
struct Line: Sendable {
  let file: String
  /// From 1.
  let number: Int
  let written: String
  /// The same without comments and the insides of strings.
  let code: [UInt8]
  /// The code of the lines with code before and after it.
  let previous: String
  let next: String

  /// The code, without spaces at its ends.
  var bare: String { Self.trimmed(String(decoding: code, as: UTF8.self)) }

  static func trimmed(_ text: String) -> String {
    let start = text.drop { $0 == " " }
    return String(start.reversed().drop { $0 == " " }.reversed())
  }

  static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  func byte(_ place: Int) -> UInt8? { code.indices.contains(place) ? code[place] : nil }

  func text(upTo place: Int) -> String {
    String(decoding: Array(written.utf8).prefix(place), as: UTF8.self)
  }

  func text(from place: Int) -> String {
    String(decoding: Array(written.utf8).dropFirst(place), as: UTF8.self)
  }

  /// Where a text begins in the code.
  func places(of text: String) -> [Int] {
    let wanted = Array(text.utf8)
    guard code.count >= wanted.count else { return [] }
    return (0...(code.count - wanted.count)).filter { code[$0...].starts(with: wanted) }
  }

  func mutant(
    _ rule: String, _ change: String, rewritten: @escaping @Sendable (Int) -> String,
    declaration: (@Sendable (Int) -> String)? = nil
  ) -> Mutant {
    Mutant(
      rule: rule, file: file, line: number, change: change, before: Self.trimmed(written),
      rewritten: rewritten, declaration: declaration)
  }

  var indentation: String { String(written.prefix { $0 == " " }) }

  /// Whether it is a whole statement: its parentheses close, and neither does the line before go on
  /// with it nor it with the line after.
  var isWhole: Bool {
    var depth = 0
    for byte in code {
      if byte == UInt8(ascii: "(") || byte == UInt8(ascii: "[") { depth += 1 }
      if byte == UInt8(ascii: ")") || byte == UInt8(ascii: "]") { depth -= 1 }
      if depth < 0 { return false }
    }
    let goesOn = ["=", ",", "(", "[", "?", "&&", "||", "+", "-", "*", ":", "->", "return", "in"]
    return depth == 0 && !goesOn.contains { previous.hasSuffix($0) }
      && !next.hasPrefix(".") && !next.hasPrefix("?") && !next.hasPrefix("&&")
      && !next.hasPrefix("||") && !bare.hasSuffix("{")
  }
}
