/// The event log's format: one JSON object per line, `t`, `n` and `kind` first.
///
/// `docs/EVENTS.md` describes it for people who write nodes in other languages.
extension Event {
  /// The longest line that is written or read, in bytes, its newline included. A text that would
  /// make a line longer is cut to ``longestText``.
  package static let longestLine = 65_536
  /// The longest text value that is written, in bytes before escaping.
  package static let longestText = 2_048

  /// Appends the event as a line: its time in microseconds since the epoch, its sequence number
  /// (from 1, without gaps), its kind, its peer, its fields.
  package func appendLine(time: Instant, sequence: UInt64, to buffer: inout [UInt8]) {
    buffer.append(contentsOf: "{\"t\":".utf8)
    Self.append(time.microseconds, to: &buffer)
    buffer.append(contentsOf: ",\"n\":".utf8)
    Self.append(Int64(sequence), to: &buffer)
    buffer.append(contentsOf: ",\"kind\":".utf8)
    JSONText.append(kind, to: &buffer)
    if let peer {
      buffer.append(contentsOf: ",\"peer\":".utf8)
      JSONText.append(peer.description, to: &buffer)
    }
    for field in fields {
      buffer.append(UInt8(ascii: ","))
      Self.append(field, to: &buffer)
    }
    buffer.append(contentsOf: "}\n".utf8)
  }

  /// In decimal digits, without a string on the way: each line has at least two numbers.
  private static func append(_ number: Int64, to buffer: inout [UInt8]) {
    if number < 0 { buffer.append(UInt8(ascii: "-")) }
    let start = buffer.count
    var rest = number.magnitude
    repeat {
      buffer.append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    } while rest > 0
    buffer[start...].reverse()
  }

  private static func append(_ field: (name: String, value: Value), to buffer: inout [UInt8]) {
    JSONText.append(field.name, to: &buffer)
    buffer.append(UInt8(ascii: ":"))
    switch field.value {
    case .text(let text): JSONText.append(text, to: &buffer)
    case .integer(let integer): append(integer, to: &buffer)
    case .flag(let flag): buffer.append(contentsOf: (flag ? "true" : "false").utf8)
    case .object(let members):
      buffer.append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() {
        if index > 0 { buffer.append(UInt8(ascii: ",")) }
        append(member, to: &buffer)
      }
      buffer.append(UInt8(ascii: "}"))
    }
  }
}

/// JSON strings (RFC 8259, section 7), without Foundation so that nodes stay small.
package enum JSONText {
  /// Appends a quoted string, cut at so many bytes: those of a line's texts.
  package static func append(
    _ text: String, to buffer: inout [UInt8], atMost limit: Int = Event.longestText
  ) {
    buffer.append(UInt8(ascii: "\""))
    if text.utf8.count <= limit {
      // Most texts need no escape: appended whole, in a tenth of the time.
      if text.utf8.allSatisfy(isPlain) {
        buffer.append(contentsOf: text.utf8)
      } else {
        for byte in text.utf8 { append(byte, to: &buffer) }
      }
    } else {
      var length = 0
      for character in text.unicodeScalars {
        length += UTF8.width(character)
        guard length <= limit else { break }
        for byte in String(character).utf8 { append(byte, to: &buffer) }
      }
    }
    buffer.append(UInt8(ascii: "\""))
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte != 0x7f && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
  }

  private static func append(_ byte: UInt8, to buffer: inout [UInt8]) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"):
      buffer.append(UInt8(ascii: "\\"))
      buffer.append(byte)
    case UInt8(ascii: "\n"): buffer.append(contentsOf: "\\n".utf8)
    case 0..<0x20, 0x7f:
      let digits = Array("0123456789abcdef".utf8)
      buffer.append(contentsOf: "\\u00".utf8)
      buffer.append(digits[Int(byte >> 4)])
      buffer.append(digits[Int(byte & 15)])
    default:
      buffer.append(byte)
    }
  }
}
