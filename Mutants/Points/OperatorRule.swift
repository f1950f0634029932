/// A binary operator that becomes another one.
///
/// A mutated line has an operator of its own in its place, of the same precedence, so that nothing
/// of the expression around it need be understood.
struct OperatorRule: Sendable {
  var name: String
  /// As it stands in a source, with its spaces.
  var written: String
  var instead: String
  var precedence: String
  var constraint: String
  var result: String
  /// Whether the right side is evaluated only where it counts.
  var isLazy = false

  static let all = [
    comparison("boundary", "<", "<="), comparison("boundary", "<=", "<"),
    comparison("boundary", ">", ">="), comparison("boundary", ">=", ">"),
    comparison("equality", "==", "!="), comparison("equality", "!=", "=="),
    sum("+", "-"), sum("-", "+"),
    OperatorRule(
      name: "product", written: " * ", instead: "+", precedence: "MultiplicationPrecedence",
      constraint: "FixedWidthInteger", result: "T"),
    logic("&&", "||", "LogicalConjunctionPrecedence"),
    logic("||", "&&", "LogicalDisjunctionPrecedence"),
    range("..<", "..<", "b + 1"), range("...", "...", "b - 1"),
  ]

  private var other = "b"

  init(
    name: String, written: String, instead: String, precedence: String, constraint: String,
    result: String
  ) {
    self.name = name
    self.written = written
    self.instead = instead
    self.precedence = precedence
    self.constraint = constraint
    self.result = result
  }

  private static func comparison(_ name: String, _ from: String, _ to: String) -> OperatorRule {
    OperatorRule(
      name: name, written: " \(from) ", instead: to, precedence: "ComparisonPrecedence",
      constraint: name == "equality" ? "Equatable" : "Comparable", result: "Bool")
  }

  private static func sum(_ from: String, _ to: String) -> OperatorRule {
    OperatorRule(
      name: "sum", written: " \(from) ", instead: to, precedence: "AdditionPrecedence",
      constraint: "AdditiveArithmetic", result: "T")
  }

  private static func logic(_ from: String, _ to: String, _ precedence: String) -> OperatorRule {
    var rule = OperatorRule(
      name: "logic", written: " \(from) ", instead: to, precedence: precedence, constraint: "",
      result: "Bool")
    rule.isLazy = true
    return rule
  }

  /// One more, or one less, at the end.
  private static func range(_ from: String, _ to: String, _ end: String) -> OperatorRule {
    var rule = OperatorRule(
      name: "range", written: from, instead: to, precedence: "RangeFormationPrecedence",
      constraint: "FixedWidthInteger", result: from == "..<" ? "Range<T>" : "ClosedRange<T>")
    rule.other = end
    return rule
  }

  /// The operator that stands for a mutant: its number in signs that an operator may have.
  static func sign(_ number: Int) -> String {
    String(
      String.UnicodeScalarView(
        String(number).utf8.compactMap {
          UnicodeScalar(0x2A00 + UInt32($0 - UInt8(ascii: "0")))
        }))
  }

  private var bare: String { written.filter { $0 != " " } }

  var change: String {
    other == "b" ? "\(bare) became \(instead)" : "the end of \(bare) became \(other)"
  }

  func declaration(_ number: Int) -> String {
    let sign = Self.sign(number)
    let signature =
      isLazy
      ? "(a: Bool, b: @autoclosure () -> Bool) -> Bool"
      : "<T: \(constraint)>(a: T, b: T) -> \(result)"
    let side = isLazy ? "b()" : "b"
    return """
      infix operator \(sign): \(precedence)
      @inlinable package func \(sign) \(signature) {
        Mutant.isAwake(\(number)) ? a \(instead) \(isLazy ? "b()" : "(\(other))") : a \(bare) \(side)
      }
      """
  }

  /// Every place in a line where it applies.
  func mutants(in line: Line) -> [Mutant] {
    line.places(of: written).compactMap { place in
      let after = line.text(from: place + written.utf8.count)
      // Optionals that are compared with nil need not be Equatable.
      if name == "equality", after.hasPrefix("nil") { return nil }
      if name == "range" {
        guard let one = line.byte(place - 1), let next = line.byte(place + written.utf8.count),
          Line.isWord(one) || one == UInt8(ascii: ")"), Line.isWord(next)
        else { return nil }
      }
      let before = line.text(upTo: place)
      return line.mutant(
        name, change,
        rewritten: { "\(before) \(OperatorRule.sign($0)) \(after)" }, declaration: declaration)
    }
  }
}
