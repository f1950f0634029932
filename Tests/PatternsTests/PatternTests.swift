import Patterns
import Testing

@Suite struct `A pattern` {
  private func match(_ pattern: String, _ line: String) throws -> Pattern.Outcome {
    try Pattern(pattern).match(line.utf8)
  }

  @Test func `finds its named groups anywhere in a line, in their order`() throws {
    let outcome = try match(#"(?<who>\w+) said (?<what>"[^"]*")"#, #"12:00 ann said "hé" to bob"#)
    #expect(outcome == .match([("who", "ann"), ("what", "\"hé\"")]))
  }

  @Test func `leaves out the groups that took no part`() throws {
    #expect(try match("(?<a>x)|(?<b>y)|(?<c>z)", "y") == .match([("b", "y")]))
    #expect(try match("ready", "not yet") == .none)
    #expect(try match("ready", "ready") == .match([]))
  }

  @Test func `takes bytes that are not UTF-8 as characters that match nothing`() throws {
    let bytes = Array("id=".utf8) + [0xFF, 0xC0] + Array(" key=7".utf8)
    #expect(try Pattern(#"key=(?<key>\d)"#).match(bytes) == .match([("key", "7")]))
    #expect(try Pattern("id=(?<id>..)").match(bytes) == .none)
  }

  @Test func `gives up on a line that costs too much, and works on the next`() throws {
    let pattern = try Pattern("^(?:a+)+$")
    #expect(
      pattern.match(String(repeating: "a", count: 64).utf8 + [UInt8(ascii: "!")]) == .exhausted)
    #expect(pattern.match("aaa".utf8) == .match([]))
  }

  @Test(arguments: [
    ("a(b", "not a regular expression: missing closing parenthesis, after character 3 of 'a(b'"),
    (
      "é[z-a]",
      "not a regular expression: range out of order in character class, after character 4 of "
        + "'é[z-a]'"
    ),
    (
      #"\C"#,
      "not a regular expression: using \\C is disabled by the application, after character 2 of '\\C'"
    ),
  ])
  func `that cannot be read says what is wrong and where`(text: String, message: String) {
    #expect(throws: Pattern.SyntaxError(description: message)) { _ = try Pattern(text) }
  }

  @Test func `has a longest length`() {
    let text = String(repeating: "x", count: Pattern.longest + 1)
    #expect(throws: Pattern.SyntaxError.self) { _ = try Pattern(text) }
    #expect(throws: Never.self) { _ = try Pattern(String(text.dropLast())) }
  }
}
