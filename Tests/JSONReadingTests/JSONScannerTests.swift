import Foundation
import JSONReading
import Participants
import Testing

@Suite struct JSONScannerTests {
  static func accepts(_ bytes: [UInt8]) -> Bool {
    do {
      try JSONScanner.validate(bytes.span)
      return true
    } catch {
      return false
    }
  }

  @Test(
    "every form that RFC 8259 allows is accepted",
    arguments: [
      "0", "-0", "10", "-1", "1.5", "0.5", "-0.25", "1e3", "1E+3", "1e-3", "0e0", "1.0E5",
      "123456789012345678901234567890", "1e999", "true", "false", "null", "\"\"", "\"a\"",
      "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u0041\\u00e9\\u20AC\"", "\"\\ud83d\\ude00\"",
      "\"\\u0000\"", "\"\u{7f}\"", "\"é€😀\"", "\"\u{2028}\u{FEFF}\u{FFFF}\u{10FFFF}\"", "[]", "[ ]",
      "[1]", "[1,2]", "[[[]]]", " [ 1 , 2 ] ", "{}", "{ }", "{\"a\":1}", "{\"\":{}}",
      "{ \"a\" : [ true , null ] , \"b\" : { \"c\" : \"d\" } }", "{\"a\":1,\"a\":2}",
      "\t\r\n 1 \n", "\"long enough for two words, and then some\"",
      "\"seven b\\n quote after eight\"",
    ])
  func acceptsValidTexts(text: String) {
    #expect(Self.accepts(Array(text.utf8)))
  }

  @Test(
    "every form that RFC 8259 does not allow is rejected",
    arguments: [
      "", " ", "-", "+1", "01", "-01", "1.", ".5", "1.e3", "1e", "1e+", "0x10", "1_000", "NaN",
      "Infinity", "-Infinity", "tru", "TRUE", "truefalse", "nul", "'a'", "\"", "\"a", "\"\\",
      "\"\\\"",
      "\"\\x\"", "\"\\a\"", "\"\\u\"", "\"\\u12\"", "\"\\u12G4\"", "\"\\U0041\"", "\"a\nb\"",
      "\"tab\there\"", "\"\u{0}\"", "\"\u{1f}12345678\"", "\"\\ud800\"", "\"\\udc00\"",
      "\"\\ud800x\"", "\"\\ud800\\n\"", "\"\\ud800\\ud800\"", "[", "]", "[1", "[1,", "[1,]", "[,1]",
      "[1 2]", "[1;2]", "{", "}", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}",
      "{a:1}", "{1:1}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{\"a\"::1}", "{\"a\":1]", "[1}", "1 2",
      "{}{}", "[]a", "// c\n1", "/* c */1", "\u{FEFF}1", "\u{A0}1", "\u{b}1", "\u{c}1",
    ])
  func rejectsInvalidTexts(text: String) {
    #expect(!Self.accepts(Array(text.utf8)))
  }

  @Test(
    "bytes that are not well-formed UTF-8 are rejected",
    arguments: [
      [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x80, 0x80],
      [0xE0, 0x9F, 0xBF], [0xE2, 0x82], [0xE2, 0x28, 0xA1], [0xE2, 0x82, 0x28], [0xED, 0xA0, 0x80],
      [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x9F, 0x98],
      [0xF0, 0x9F, 0x98, 0x28], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFE], [0xFF],
    ] as [[UInt8]])
  func rejectsMalformedUTF8(bytes: [UInt8]) {
    let quote = UInt8(ascii: "\"")
    #expect(!Self.accepts([quote] + bytes + [quote]))
    #expect(!Self.accepts([quote] + bytes))
    #expect(!Self.accepts([quote] + Array("padding.padding.".utf8) + bytes + [quote]))
  }

  @Test("a special byte is found at every place of a word")
  func specialBytesAtEveryPlace() {
    for length in 0..<24 {
      for place in 0..<length {
        var text = [UInt8](repeating: UInt8(ascii: "a"), count: length)
        for special: UInt8 in [0x00, 0x01, 0x1F, UInt8(ascii: "\""), 0x80, 0xFF] {
          text[place] = special
          #expect(!Self.accepts(Array("\"".utf8) + text + Array("\"".utf8)))
        }
        for plain: UInt8 in [0x20, 0x21, 0x23, 0x5B, 0x5D, 0x7F] {
          text[place] = plain
          #expect(Self.accepts(Array("\"".utf8) + text + Array("\"".utf8)))
        }
      }
    }
  }

  @Test("nesting is taken up to its limit and not beyond")
  func depthIsLimited() {
    func nested(_ depth: Int, _ open: String, _ close: String) -> [UInt8] {
      Array(
        (String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)).utf8)
    }
    #expect(Self.accepts(nested(JSONScanner.deepest, "[", "]")))
    #expect(!Self.accepts(nested(JSONScanner.deepest + 1, "[", "]")))
    #expect(Self.accepts(nested(JSONScanner.deepest, "{\"a\":", "}")))
    #expect(!Self.accepts(nested(JSONScanner.deepest + 1, "{\"a\":", "}")))
    #expect(!Self.accepts(nested(100_000, "[", "")))
  }

  @Test("Foundation gives the same verdict on mutated texts", arguments: [1, 2, 3] as [UInt64])
  func agreesWithFoundation(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let originals = [
      #"{"t":1790000000000000,"n":12,"kind":"gossip.received","peer":"127.0.0.1:40001"}"#,
      #"{"a":[1,-2.5,3e10,true,false,null],"b":{"c":"d\n\u00e9é€😀","e":[]},"":" \ud83d\ude00 "}"#,
      #"[0,-0.0,1E-2,"a\\b\"c\/",{"x":{"y":{"z":[[[]]]}}}]"#,
    ].map { Array($0.utf8) }
    let pieces =
      Array(#"{}[]:,"\ue0123456789-+.tfn a"#.utf8) + [0x00, 0x0A, 0x7F, 0x80, 0xC3, 0xF0]
    var compared = 0
    for _ in 0..<4_000 {
      guard var bytes = originals.randomElement(using: &random) else { return }
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        let piece = pieces[Int.random(in: 0..<pieces.count, using: &random)]
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[place] = piece
        case 1: bytes.insert(piece, at: place)
        default: bytes.remove(at: place)
        }
      }
      let text = String(decoding: bytes, as: UTF8.self)
      // Foundation takes a comma before a brace, and refuses a number that no Double can hold.
      if text.contains(/,\s*}|[eE]\+?[0-9]{3}/) { continue }
      let theirs = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
      #expect(Self.accepts(bytes) == (theirs != nil), "seed \(seed): \(text)")
      compared += 1
    }
    #expect(compared > 3_000)
  }
}
