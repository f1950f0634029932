import Foundation
import JSONReading
import Testing

@Suite struct JSONValueTests {
  static func value(_ text: String) -> JSONValue? { try? JSONValue(Array(text.utf8)) }

  @Test("every kind of value is read")
  func kinds() throws {
    let value = try #require(
      Self.value(#" { "a" : [1, -2.5e1, true, false, null, ""], "b": {}, "c": [ ] } "#))
    #expect(
      value["a"]?.array == [
        .integer(1), .real(-25), .flag(true), .flag(false), .null, .text(""),
      ])
    #expect(value["b"] == .object([]) && value["c"] == .array([]))
    #expect(value["d"] == nil && value["a"]?["b"] == nil)
    #expect(Self.value("9223372036854775807")?.integer == .max)
    #expect(Self.value("9223372036854775808") == .real(9_223_372_036_854_775_808))
    #expect(Self.value("1e999") == nil)
    #expect(Self.value(#"{"a":1,"a":2}"#)?["a"]?.integer == 2)
    #expect(Self.value(#"["a","b"]"#)?.texts == ["a", "b"])
    #expect(Self.value(#"["a",1]"#)?.texts == nil)
  }

  @Test("texts are those that another reader gives")
  func texts() throws {
    for text in [
      #""plain""#, #""é€😀""#, #""\"\\\/\b\f\n\r\t""#, #""\u0041\u00e9\u20AC\ud83d\ude00!""#,
      #""\u0000a\\u0041""#,
    ] {
      let other =
        try JSONSerialization.jsonObject(
          with: Data(text.utf8), options: .fragmentsAllowed) as? String
      #expect(Self.value(text)?.text == other)
    }
  }

  @Test("what is malformed, too deep or too much is refused")
  func refusals() {
    for text in ["", "{", "[1,]", #"{"a"}"#, "nul", "\"\\ud800\"", "01", "1 2"] {
      #expect(Self.value(text) == nil, "\(text)")
    }
    #expect(
      Self.value(String(repeating: "[", count: 64) + String(repeating: "]", count: 64)) != nil)
    #expect(
      Self.value(String(repeating: "[", count: 65) + String(repeating: "]", count: 65)) == nil)
    #expect((try? JSONValue(Array("[1,2,3]".utf8), mostValues: 4)) != nil)
    #expect((try? JSONValue(Array("[1,2,3]".utf8), mostValues: 3)) == nil)
  }
}
