import Hashing
package import Wire

/// What the values of the HTTP torrent's DHT are: the text of a JSON object
/// `{"type": "json", "data": …}`. Here they are opaque, but for one kind.
package enum DHTValue {
  /// Whether a value is a text that says `"type": "pickle"`: who unpickles it runs whatever code its
  /// author put there. It is refused wherever it is met.
  ///
  /// JSON has other spellings, with escapes, that no known program writes: who reads a value must
  /// still take nothing but `json`.
  package static func isPickled(_ value: MessagePack) -> Bool {
    guard case .text(let text) = value else { return false }
    let bytes = Array(text.utf8)
    var start = 0
    while let name = position(of: Array("\"type\"".utf8), in: bytes, from: start) {
      var index = skipSpaces(bytes, from: name + 6)
      start = name + 1
      guard index < bytes.count, bytes[index] == UInt8(ascii: ":") else { continue }
      index = skipSpaces(bytes, from: index + 1)
      if bytes[index...].starts(with: "\"pickle\"".utf8) { return true }
    }
    return false
  }

  /// Of a value, in events: the first 16 hexadecimal digits of the SHA-1 of its bytes.
  package static func name(of value: MessagePack) -> String {
    String(Hexadecimal.text(SHA1.hash(value.encoded)).prefix(16))
  }

  private static func skipSpaces(_ bytes: [UInt8], from start: Int) -> Int {
    var index = start
    while index < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[index]) { index += 1 }
    return index
  }

  private static func position(of word: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
    guard bytes.count - start >= word.count else { return nil }
    return (start...bytes.count - word.count).first { bytes[$0...].starts(with: word) }
  }
}
