/// Changes that are made by rule, wherever they apply, as tools for mutation testing make them: no
/// taste decides which bugs there are.
package enum MutationRules {
  /// Every mutant of a file. Some do not compile: the compiler says so.
  ///
  /// - Parameter file: its path from the repository's root.
  package static func mutants(in text: SourceText, file: String) -> [Mutant] {
    let bare = text.code.map { Line.trimmed(String(decoding: $0, as: UTF8.self)) }
    var mutants: [Mutant] = []
    for (index, code) in text.code.enumerated() {
      let line = Line(
        file: file, number: index + 1, written: text.lines[index], code: code,
        previous: bare[..<index].last { !$0.isEmpty } ?? "",
        next: bare[(index + 1)...].first { !$0.isEmpty } ?? "")
      guard !isDeclaration(bare[index]) else { continue }
      mutants += OperatorRule.all.flatMap { $0.mutants(in: line) }
      mutants += integers(line) + extremes(line) + swapped(line)
      mutants += [droppedStatement(line), negated(line), answer(line)].compactMap { $0 }
    }
    return mutants
  }

  private static func isDeclaration(_ code: String) -> Bool {
    code.contains("func ") || code.contains("init(") || code.contains("import ")
      || code.hasPrefix("@") || code.hasPrefix("case ") && code.contains(" = ")
      || code.contains("operator ") || code.contains("precondition(")
  }

  /// A number becomes one more, or, where its place in the line is even, one less.
  private static func integers(_ line: Line) -> [Mutant] {
    var mutants: [Mutant] = []
    var place = 0
    while place < line.code.count {
      let digits = line.code[place...].prefix { Line.isWord($0) }
      defer { place += max(1, digits.count) }
      guard let number = Int(String(decoding: digits, as: UTF8.self)),
        line.byte(place - 1) != UInt8(ascii: "."),
        line.byte(place + digits.count) != UInt8(ascii: ".")
          || line.byte(place + digits.count + 1) == UInt8(ascii: ".")
      else { continue }
      let other = number > 0 && place.isMultiple(of: 2) ? number - 1 : number + 1
      let before = line.text(upTo: place)
      let after = line.text(from: place + digits.count)
      mutants.append(
        line.mutant("number", "\(number) became \(other)") {
          "\(before)Mutant.number(\($0), \(number), instead: \(other))\(after)"
        })
    }
    return mutants
  }

  private static func extremes(_ line: Line) -> [Mutant] {
    [("min(", "lesser", "min became max"), ("max(", "greater", "max became min")].flatMap {
      (written, function, change) in
      line.places(of: written).compactMap { place in
        if let one = line.byte(place - 1), Line.isWord(one) || one == UInt8(ascii: ".") {
          return nil
        }
        let before = line.text(upTo: place)
        let after = line.text(from: place + written.utf8.count)
        return line.mutant("extreme", change) { "\(before)Mutant.\(function)(\($0), \(after)" }
      }
    }
  }

  /// A call of two plain arguments gets them the other way round.
  private static func swapped(_ line: Line) -> [Mutant] {
    guard
      let match = line.bare.firstMatch(
        of: /(?:^|[^\w.)\]?!])(([a-z]\w*(?:\.\w+)*)\((\w+: )?([a-z]\w*), (\w+: )?([a-z]\w*)\))/),
      match.4 != match.6, let place = line.places(of: String(match.1)).first
    else { return [] }
    let (name, first, one, second, other) = (
      String(match.2), String(match.3 ?? ""), String(match.4), String(match.5 ?? ""),
      String(match.6)
    )
    guard name != "guard", name != "if", name != "switch", name != "min", name != "max" else {
      return []
    }
    let written = String(match.1)
    let turned = "\(name)(\(first)\(other), \(second)\(one))"
    let before = line.text(upTo: place)
    let after = line.text(from: place + written.utf8.count)
    return [
      line.mutant("arguments", "\(written) became \(turned)") {
        "\(before)(Mutant.isAwake(\($0)) ? \(turned) : \(written))\(after)"
      }
    ]
  }

  /// A call or an assignment that is a statement is not made. What is logged stays: an event that
  /// nobody writes is no bug of a protocol.
  private static func droppedStatement(_ line: Line) -> Mutant? {
    let code = line.bare
    let isCall = code.wholeMatch(of: /(try )?[a-z_]\w*(\.\w+|\[[^\]]*\]|[?!])*\(.*\)/) != nil
    let isAssignment =
      code.wholeMatch(of: /[a-z_]\w*(\.\w+|\[[^\]]*\]|[?!])* (=|\+=|-=) .+/) != nil
    guard isCall || isAssignment, line.isWhole, !code.contains(".log("),
      code.firstMatch(of: /^(return|let|var|guard|if|switch|throw|super|fatalError)\b/) == nil
    else { return nil }
    let (indentation, written) = (line.indentation, Line.trimmed(line.written))
    return line.mutant("statement", isCall ? "the call is not made" : "the assignment is not made")
    {
      "\(indentation)if !Mutant.isAwake(\($0)) { \(written) }"
    }
  }

  /// A condition of one part is turned round.
  private static func negated(_ line: Line) -> Mutant? {
    guard
      let match = line.bare.wholeMatch(of: /(guard|if|\} else if) (.+?) (else \{|\{)(.*)/),
      match.2.firstMatch(of: /\b(let|var|case)\b|[,#{]/) == nil,
      (match.1 == "guard") == (match.3 == "else {"),
      let place = line.places(of: String(match.2)).first
    else { return nil }
    let condition = match.2.utf8.count
    let before = line.text(upTo: place)
    let after = line.text(from: place + condition)
    let written = String(
      decoding: Array(line.written.utf8)[place..<(place + condition)], as: UTF8.self)
    return line.mutant("condition", "the condition is turned round") {
      "\(before)Mutant.flips(\($0), \(written))\(after)"
    }
  }

  private static func answer(_ line: Line) -> Mutant? {
    guard let match = line.bare.firstMatch(of: /\breturn (true|false)\b/),
      let place = line.places(of: String(match.0)).first
    else { return nil }
    let before = line.text(upTo: place)
    let after = line.text(from: place + match.0.utf8.count)
    let value = String(match.1)
    return line.mutant("answer", "\(value) became \(value == "true" ? "false" : "true")") {
      "\(before)return Mutant.flips(\($0), \(value))\(after)"
    }
  }
}
