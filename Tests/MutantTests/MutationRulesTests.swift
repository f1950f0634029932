import MutationPoints
import Testing

@Suite("Mutants by rule")
struct MutationRulesTests {
  /// `LINE RULE: CHANGE` of each.
  private func found(in text: String) -> [String] {
    MutationRules.mutants(in: SourceText(text), file: "f.swift").map {
      "\($0.line) \($0.rule): \($0.change)"
    }
  }

  /// What a mutant with the number 17 makes of a line.
  private func rewritten(_ line: String, by rule: String) -> [String] {
    MutationRules.mutants(in: SourceText(line), file: "f.swift").filter { $0.rule == rule }
      .map { $0.rewritten(17) }
  }

  @Test("are found in code, and neither in comments nor in strings")
  func whereTheyAre() {
    let text = #"""
      // a < b
      /* a /* b < c */ < d */
      let one = "a < b \(c < d) \" < " + """
        1 < 2 \(f(")")) < 3
        """ // 4
      if a < b { send() }
      """#
    #expect(
      found(in: text) == [
        "3 sum: + became -", "6 boundary: < became <=",
        "6 condition: the condition is turned round",
      ])
  }

  @Test(
    "replace an operator by one of their own, whose precedence is the same",
    arguments: [
      ("guard a <= b else { return }", "boundary", "guard a ⨁⨇ b else { return }"),
      ("let x = a - b * c", "sum", "let x = a ⨁⨇ b * c"),
      ("if a && !b {", "logic", "if a ⨁⨇ !b {"),
      ("for i in 0..<count {", "range", "for i in 0 ⨁⨇ count {"),
    ])
  func operators(line: String, rule: String, becomes: String) {
    #expect(rewritten(line, by: rule).contains(becomes))
  }

  @Test(
    "change what is called, set, asked or answered",
    arguments: [
      ("  limit = 4", "number", "  limit = Mutant.number(17, 4, instead: 3)"),
      ("  table.insert(peer)", "statement", "  if !Mutant.isAwake(17) { table.insert(peer) }"),
      ("  count += 2", "statement", "  if !Mutant.isAwake(17) { count += 2 }"),
      (
        "  guard isOpen else { return }", "condition",
        "  guard Mutant.flips(17, isOpen) else { return }"
      ),
      ("  return true", "answer", "  return Mutant.flips(17, true)"),
      ("  let a = min(b, c)", "extreme", "  let a = Mutant.lesser(17, b, c)"),
      (
        "  store(key, at: peer)", "arguments",
        "  (Mutant.isAwake(17) ? store(peer, at: key) : store(key, at: peer))"
      ),
    ])
  func others(line: String, rule: String, becomes: String) {
    #expect(rewritten(line, by: rule) == [becomes])
  }

  @Test(
    "leave alone what is no statement, no number of its own, or said to the log",
    arguments: [
      "turn.log(Event(kind))", "let x = pair.0", "case hello = 4", "func f(a: Int = 3) {",
      "a == nil",
      "precondition(a < b)", "guard let a else { return }",
    ])
  func exceptions(line: String) { #expect(found(in: line) == []) }

  @Test("leave alone a call that goes on, or that a line before goes on with")
  func unfinished() {
    #expect(found(in: "let a =\n  make(b)\nuse(a)\n  .twice()") == [])
  }
}

@Suite("Mutants planted by hand")
struct PlantedFileTests {
  private let source = SourceText("if a >= b {\n  drop(peer)\n}\nif a >= b && c {\n}")

  private func file(_ bug: String) throws -> PlantedFile {
    try PlantedFile(parsing: "# Of x.\nsources: S/X\n\n\(bug)\nwhy: It is wrong.\n", path: "x.txt")
  }

  @Test("replace an expression in the line that is meant, or a whole statement")
  func replace() throws {
    let one = try file("in: f.swift\nfind: a >= b\nput: a > b\nat: if a >= b {")
    #expect(
      try one.mutant(of: one.bugs[0], in: source, file: "f.swift").rewritten(3)
        == "if (Mutant.isAwake(3) ? (a > b) : (a >= b)) {")
    let two = try file("in: f.swift\nfind: drop(peer)\nput: keep(peer)")
    #expect(
      try two.mutant(of: two.bugs[0], in: source, file: "f.swift").rewritten(3)
        == "  if Mutant.isAwake(3) { keep(peer) } else { drop(peer) }")
  }

  @Test(
    "name their line when it is wrong",
    arguments: [
      ("in: f.swift\nfind: a >= b\nput: a > b", "x.txt:4: 'a >= b' is in 2 lines of f.swift"),
      ("in: f.swift\nfind: gone()\nput: x()", "x.txt:4: 'gone()' is in 0 lines of f.swift"),
      ("in: f.swift\nput: x()", "x.txt:4: a bug has"),
      ("nonsense", "x.txt:4: expected 'KEY: TEXT'"),
      ("in: f\nin: g", "x.txt:5: 'in' is there twice"),
    ])
  func errors(bug: String, message: String) {
    #expect {
      let planted = try file(bug)
      for bug in planted.bugs { _ = try planted.mutant(of: bug, in: source, file: "f.swift") }
    } throws: { "\($0)".hasPrefix(message) }
  }
}
