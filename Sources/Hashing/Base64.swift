import CCrypto

/// Bytes as text in four characters for three bytes (RFC 4648, section 4), with padding.
package enum Base64 {
  private static let digits = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let padding = UInt8(ascii: "=")
  /// The value of each digit; 255 for what is none.
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 255, count: 256)
    for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
    return values
  }()

  /// Characters for so many bytes.
  package static func length(of count: Int) -> Int { (count + 2) / 3 * 4 }

  /// Appends the text of bytes, by OpenSSL's libcrypto.
  package static func append(_ bytes: [UInt8], to text: inout [UInt8]) {
    let start = text.count
    // With room for the zero that it ends with.
    text.append(contentsOf: repeatElement(0, count: length(of: bytes.count) + 1))
    unsafe text.withUnsafeMutableBufferPointer { text in
      guard let first = text.baseAddress else { return }
      unsafe EVP_EncodeBlock(first + start, bytes, CInt(bytes.count))
    }
    text.removeLast()
  }

  /// `nil` when the text is not whole groups of four digits with padding at the end alone, or when
  /// the padding's bits are not zero.
  package static func bytes(_ text: String) -> [UInt8]? {
    let text = Array(text.utf8)
    guard text.count.isMultiple(of: 4) else { return nil }
    let padded = text.suffix(2).count { $0 == padding }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 4 * 3)
    let digits = text.count - padded
    var word = 0
    var bad: UInt8 = 0
    for index in 0..<digits {
      let value = values[Int(text[index])]
      bad |= value
      word = word << 6 | Int(value & 63)
      if index & 3 == 3 {
        bytes.append(UInt8(truncatingIfNeeded: word >> 16))
        bytes.append(UInt8(truncatingIfNeeded: word >> 8))
        bytes.append(UInt8(truncatingIfNeeded: word))
      }
    }
    guard bad < 64 else { return nil }
    switch padded {
    case 1:
      guard word & 3 == 0 else { return nil }
      bytes.append(UInt8(truncatingIfNeeded: word >> 10))
      bytes.append(UInt8(truncatingIfNeeded: word >> 2))
    case 2:
      guard word & 15 == 0 else { return nil }
      bytes.append(UInt8(truncatingIfNeeded: word >> 4))
    default: break
    }
    return bytes
  }
}
