import Messages
import Participants

/// Arithmetic over whole numbers and durations, as `spawn` sections have it: `max(100ms, for / 40)`.
///
/// `+`, `-`, `*` and `/` with parentheses, `max(A, B)` and `min(A, B)`. Numbers are whole, and what
/// division leaves over is dropped. A minus stands between spaces, since names may have hyphens.
struct Expression {
  enum Amount: Equatable, CustomStringConvertible {
    case number(Int64)
    case duration(Microseconds)

    var description: String {
      switch self {
      case .number(let number): "\(number)"
      case .duration(let duration): duration.description
      }
    }
  }

  /// Why an expression has no value, in words.
  struct Refusal: Error { var description: String }

  /// The longest that is read, in bytes: parentheses go no deeper than this.
  static let longest = 500

  private let tokens: [Substring]
  private var position = 0
  private let names: [String: Amount]

  /// - Parameter names: what the names in it stand for.
  static func value(
    of text: String, names: [String: Amount]
  ) throws(Refusal) -> Amount {
    guard text.utf8.count <= longest else {
      throw Refusal(description: "it is longer than \(longest) bytes")
    }
    var expression = Expression(tokens: try tokens(of: text), names: names)
    let value = try expression.sum()
    if let rest = expression.next { throw Refusal(description: "'\(rest)' is not expected here") }
    return value
  }

  private init(tokens: [Substring], names: [String: Amount]) {
    self.tokens = tokens
    self.names = names
  }

  private static func tokens(of text: String) throws(Refusal) -> [Substring] {
    var tokens: [Substring] = []
    var rest = text[...]
    while let first = rest.first {
      if first == " " {
        rest.removeFirst()
      } else if "+-*/(),".contains(first) {
        tokens.append(rest.prefix(1))
        rest.removeFirst()
      } else {
        let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "." }
        guard !word.isEmpty else { throw Refusal(description: "'\(first)' is not expected here") }
        tokens.append(word)
        rest = rest.dropFirst(word.count)
      }
    }
    return tokens
  }

  private var next: Substring? { position < tokens.count ? tokens[position] : nil }

  private mutating func take(_ token: String) -> Bool {
    guard let next, next == token else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ token: String) throws(Refusal) {
    guard take(token) else {
      throw Refusal(
        description: "expected '\(token)', found \(next.map { "'\($0)'" } ?? "the end")")
    }
  }

  private mutating func sum() throws(Refusal) -> Amount {
    var value = try product()
    while true {
      if take("+") {
        value = try combine(value, "+", try product())
      } else if take("-") {
        value = try combine(value, "-", try product())
      } else {
        return value
      }
    }
  }

  private mutating func product() throws(Refusal) -> Amount {
    var value = try factor()
    while true {
      if take("*") {
        value = try combine(value, "*", try factor())
      } else if take("/") {
        value = try combine(value, "/", try factor())
      } else {
        return value
      }
    }
  }

  private mutating func factor() throws(Refusal) -> Amount {
    guard let word = next else { throw Refusal(description: "something is missing at the end") }
    position += 1
    if word == "(" {
      let value = try sum()
      try expect(")")
      return value
    }
    if word == "max" || word == "min", take("(") {
      let one = try sum()
      try expect(",")
      let other = try sum()
      try expect(")")
      return try combine(one, String(word), other)
    }
    if let value = names[String(word)] { return value }
    if let number = Int64(word) { return .number(number) }
    if let duration = Microseconds(parsing: word) { return .duration(duration) }
    let known = names.keys.sorted()
    throw Refusal(
      description:
        "'\(word)' is no number, duration or name\(suggestion(for: String(word), among: known)); "
        + "there are: \(known.joined(separator: ", "))")
  }

  private func combine(
    _ one: Amount, _ sign: String, _ other: Amount
  ) throws(Refusal) -> Amount {
    switch (one, other, sign) {
    case (.number(let a), .number(let b), _): .number(try Self.result(a, sign, b))
    case (.duration(let a), .duration(let b), "/"):
      .number(try Self.result(a.count, sign, b.count))
    case (.duration(let a), .duration(let b), "+"), (.duration(let a), .duration(let b), "-"),
      (.duration(let a), .duration(let b), "max"), (.duration(let a), .duration(let b), "min"):
      .duration(Microseconds(try Self.result(a.count, sign, b.count)))
    case (.duration(let a), .number(let b), "*"), (.duration(let a), .number(let b), "/"):
      .duration(Microseconds(try Self.result(a.count, sign, b)))
    case (.number(let a), .duration(let b), "*"):
      .duration(Microseconds(try Self.result(a, sign, b.count)))
    default:
      throw Refusal(description: "\(one) and \(other) cannot be combined by '\(sign)'")
    }
  }

  private static func result(_ a: Int64, _ sign: String, _ b: Int64) throws(Refusal) -> Int64 {
    let (value, isTooLarge) =
      switch sign {
      case "+": a.addingReportingOverflow(b)
      case "-": a.subtractingReportingOverflow(b)
      case "*": a.multipliedReportingOverflow(by: b)
      case "/": a.dividedReportingOverflow(by: b)
      case "max": (max(a, b), false)
      default: (min(a, b), false)
      }
    guard !isTooLarge else {
      throw Refusal(description: b == 0 ? "it divides by 0" : "it leads to too large a number")
    }
    return value
  }
}
