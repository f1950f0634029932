/// A Swift source file, line by line, with what is code in it.
package struct SourceText: Sendable {
  /// As they are written.
  package let lines: [String]
  /// Of each line the code alone: comments and the insides of strings are spaces, byte for byte, so
  /// that a place in it is a place in the line.
  package let code: [[UInt8]]

  package init(_ text: String) {
    lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var reader = Reader(bytes: Array(text.utf8))
    reader.readCode(until: nil)
    code = reader.bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .map { Array($0) }
  }

  /// Blanks what is no code. Enough of Swift's grammar for that: comments, which nest, strings of
  /// one line and of several, raw ones, and what is interpolated into them.
  private struct Reader {
    var bytes: [UInt8]
    private var at = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    private func has(_ text: String, at place: Int) -> Bool {
      bytes[min(place, bytes.count)...].starts(with: text.utf8)
    }

    private mutating func blank(_ count: Int = 1) {
      for place in at..<min(at + count, bytes.count) where bytes[place] != UInt8(ascii: "\n") {
        bytes[place] = UInt8(ascii: " ")
      }
      at += count
    }

    /// Reads on until a parenthesis closes that was open before, or to the end.
    mutating func readCode(until closing: UInt8?) {
      var depth = 0
      while at < bytes.count {
        if has("//", at: at) {
          while at < bytes.count, bytes[at] != UInt8(ascii: "\n") { blank() }
        } else if has("/*", at: at) {
          readComment()
        } else if bytes[at] == UInt8(ascii: "\"") || (has("#", at: at) && opensRaw) {
          readString()
        } else {
          if bytes[at] == UInt8(ascii: "(") { depth += 1 }
          if bytes[at] == UInt8(ascii: ")") {
            depth -= 1
            if closing != nil, depth < 0 { return }
          }
          at += 1
        }
      }
    }

    private var opensRaw: Bool {
      bytes[at...].drop { $0 == UInt8(ascii: "#") }.first == UInt8(ascii: "\"")
    }

    private mutating func readComment() {
      var depth = 0
      repeat {
        if has("/*", at: at) {
          depth += 1
          blank(2)
        } else if has("*/", at: at) {
          depth -= 1
          blank(2)
        } else {
          blank()
        }
      } while depth > 0 && at < bytes.count
    }

    private mutating func readString() {
      var hashes = ""
      while has("#", at: at) {
        hashes += "#"
        at += 1
      }
      let quote = has("\"\"\"", at: at) ? "\"\"\"" : "\""
      at += quote.utf8.count
      while at < bytes.count, !has(quote + hashes, at: at) {
        if has("\\" + hashes + "(", at: at) {
          let start = at
          at += 2 + hashes.utf8.count
          readCode(until: UInt8(ascii: ")"))
          let end = min(at + 1, bytes.count)
          at = start
          blank(end - start)
        } else {
          blank(has("\\", at: at) ? 2 : 1)
        }
      }
      at = min(at + (quote + hashes).utf8.count, bytes.count)
    }
  }
}
