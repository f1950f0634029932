import JSONReading
import Participants
import Testing

@Suite struct EventLineTests {
  /// The parts of a line: `t n kind peer fields`, or the fault.
  static func read(_ text: String) -> String {
    let bytes = Array(text.utf8)
    func part(_ range: Range<Int>?) -> String {
      range.map { String(decoding: bytes[$0], as: UTF8.self) } ?? "-"
    }
    do {
      let line = try EventLine(bytes.span)
      let fields = line.fields.map { $0..<line.end }
      return "\(line.time) \(line.sequence) \(part(line.kind)) \(part(line.peer)) \(part(fields))"
    } catch {
      return error.description
    }
  }

  @Test(
    "a line gives its time, number, kind, peer and fields",
    arguments: [
      (#"{"t":12,"n":1,"kind":"node.ready"}"#, "12 1 node.ready - -"),
      (#"{"t":0,"n":7,"kind":"link.opened","peer":"[::1]:5"}"#, "0 7 link.opened [::1]:5 -"),
      (
        #"{"t":1,"n":2,"kind":"a.b","peer":"h:1","x":[1],"y":{}}"#,
        #"1 2 a.b h:1 ,"x":[1],"y":{}}"#
      ),
      (#"{"t":1,"n":2,"kind":"a.b","x":"y"}"#, #"1 2 a.b - ,"x":"y"}"#),
      (
        #" { "t" : 1 , "n" : 2 , "kind" : "a.b" , "peer" : "h:1" , "x" : 1 } "#,
        #"1 2 a.b h:1 , "x" : 1 }"#
      ),
      (
        #"{"t":9223372036854775807,"n":9223372036854775807,"kind":"a.b"}"#,
        "9223372036854775807 9223372036854775807 a.b - -"
      ),
      (
        #"{"t":1,"n":2,"kind":"a.b","by":{"peer":"x","t":1}}"#,
        #"1 2 a.b - ,"by":{"peer":"x","t":1}}"#
      ),
    ])
  func readsParts(text: String, parts: String) {
    #expect(Self.read(text) == parts)
  }

  @Test(
    "a line that is not an event is refused with the place and the reason",
    arguments: [
      ("", "byte 1: an empty line"),
      ("[]", "byte 1: not a JSON object"),
      ("{}", "byte 2: a member's name is due"),
      ("garbage", "byte 1: not a JSON object"),
      (#"{"n":1,"t":1,"kind":"a.b"}"#, "byte 2: 't' must be the first field"),
      (#"{"t":1}"#, "byte 7: 'n' must follow 't'"),
      (#"{"t":1,"kind":"a.b","n":1}"#, "byte 8: 'n' must follow 't'"),
      (#"{"t":1,"n":1}"#, "byte 13: 'kind' must follow 'n'"),
      (#"{"t":1,"n":1,"peer":"a:1","kind":"a.b"}"#, "byte 14: 'kind' must follow 'n'"),
      (#"{"t":-1,"n":1,"kind":"a.b"}"#, "byte 6: 't' must be microseconds since the epoch"),
      (#"{"t":1.5,"n":1,"kind":"a.b"}"#, "byte 6: 't' must be microseconds since the epoch"),
      (#"{"t":01,"n":1,"kind":"a.b"}"#, "byte 6: 't' must be microseconds since the epoch"),
      (#"{"t":"1","n":1,"kind":"a.b"}"#, "byte 6: 't' must be microseconds since the epoch"),
      (
        #"{"t":9223372036854775808,"n":1,"kind":"a.b"}"#,
        "byte 6: 't' must be microseconds since the epoch"
      ),
      (#"{"t":1,"n":0,"kind":"a.b"}"#, "byte 12: 'n' must be a whole number from 1"),
      (#"{"t":1,"n":1,"kind":7}"#, "byte 21: 'kind' and 'peer' must be strings"),
      (#"{"t":1,"n":1,"kind":""}"#, "byte 21: 'kind' and 'peer' must not be empty"),
      (#"{"t":1,"n":1,"kind":"A.b"}"#, "byte 22: 'kind' must be like area.verb, in lower case"),
      (#"{"t":1,"n":1,"kind":"a\u002eb"}"#, "byte 23: 'kind' and 'peer' must have no escapes"),
      (#"{"t":1,"n":1,"kind":"a.b","peer":null}"#, "byte 34: 'kind' and 'peer' must be strings"),
      (
        #"{"t":1,"n":1,"kind":"a.b","x":1,"peer":"h:1"}"#,
        "byte 33: 'peer' must come once, right after 'kind'"
      ),
      (#"{"t":1,"n":1,"kind":"a.b","t":1}"#, "byte 27: 't', 'n' and 'kind' must come once"),
      (#"{"t":1,"n":1,"kind":"a.b","x":1"#, "byte 32: an object without its end"),
      (#"{"t":1,"n":1,"kind":"a.b","x":}"#, "byte 31: not the beginning of a value"),
      (#"{"t":1,"n":1,"kind":"a.b",}"#, "byte 27: a member's name is due"),
      (#"{"t":1,"n":1,"kind":"a.b"}}"#, "byte 27: something follows the end of the object"),
    ])
  func refusesOthers(text: String, fault: String) {
    #expect(Self.read(text) == fault)
  }

  @Test("a line cut anywhere is refused")
  func refusesTornLines() {
    let whole =
      #"{"t":1790000000000000,"n":12,"kind":"a.b","peer":"h:1","x":[1,"é"],"y":{"z":null}}"#
    for length in 0..<whole.utf8.count {
      let torn = String(decoding: whole.utf8.prefix(length), as: UTF8.self)
      #expect(Self.read(torn).hasPrefix("byte "))
    }
    #expect(Self.read(whole) == #"1790000000000000 12 a.b h:1 ,"x":[1,"é"],"y":{"z":null}}"#)
  }
}
