extension Int64 {
  /// A decimal number times a scale, exactly: `1.5` and 1,000 give 1,500.
  ///
  /// `nil` when the text is not a non-negative decimal number with at most nine decimals, when the
  /// product is not a whole number, or when it is greater than `limit`.
  package init?(decimal text: some StringProtocol, times scale: Int64, atMost limit: Int64) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    let isPlain = text.utf8.allSatisfy {
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: ".")
    }
    guard isPlain, parts.count <= 2, !parts[0].isEmpty, let whole = Int64(parts[0]),
      whole <= limit / scale
    else { return nil }
    var total = whole * scale
    if parts.count == 2 {
      guard (1...9).contains(parts[1].count), let digits = Int64(parts[1]) else { return nil }
      let divisor = parts[1].reduce(Int64(1)) { divisor, _ in divisor * 10 }
      let (scaled, overflow) = digits.multipliedReportingOverflow(by: scale)
      guard !overflow, scaled % divisor == 0 else { return nil }
      total += scaled / divisor
    }
    guard total <= limit else { return nil }
    self = total
  }
}
