/// An IPv4 address: four bytes, and the dotted quad that it is written as.
///
/// A table's contacts are written and read as bytes all the time, so that nothing is allocated here.
package struct IPv4: Equatable, Sendable {
  /// The first byte of the address is the most significant.
  package let bits: UInt32

  package init(bits: UInt32) { self.bits = bits }

  /// Reads a dotted quad: four decimal numbers up to 255, of three digits at most. `nil`: something
  /// else.
  package init?(_ text: String) {
    var (bits, part, digits, parts) = (UInt32(0), UInt32(0), 0, 1)
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        part = part * 10 + UInt32(byte - UInt8(ascii: "0"))
        digits += 1
        guard digits <= 3, part <= 255 else { return nil }
      case UInt8(ascii: "."):
        guard digits > 0, parts < 4 else { return nil }
        bits = bits << 8 | part
        (part, digits, parts) = (0, 0, parts + 1)
      default: return nil
      }
    }
    guard parts == 4, digits > 0 else { return nil }
    self.bits = bits << 8 | part
  }

  package var bytes: [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: bits >> $0) }
  }

  package var text: String {
    // Fifteen bytes at most, which a string holds inline.
    unsafe String(unsafeUninitializedCapacity: 15) { buffer in
      var length = 0
      for shift: UInt32 in [24, 16, 8, 0] {
        if length > 0 {
          unsafe buffer[length] = UInt8(ascii: ".")
          length += 1
        }
        let part = UInt8(truncatingIfNeeded: bits >> shift)
        for divisor: UInt8 in [100, 10, 1] where part >= divisor || divisor == 1 {
          unsafe buffer[length] = part / divisor % 10 + UInt8(ascii: "0")
          length += 1
        }
      }
      return length
    }
  }
}
