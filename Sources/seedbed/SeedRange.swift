import Arguments

/// `1..1000`, or one number.
struct SeedRange {
  static let allowed = "a number, or two as in 1..1000, the lesser first"

  let range: ClosedRange<UInt64>

  init?(_ text: String) {
    let ends = text.split(separator: "..", omittingEmptySubsequences: false).map(String.init)
    // As of --seed: what the history can store.
    guard (1...2).contains(ends.count), let first = ends.first.flatMap({ UInt64($0) }),
      let last = ends.last.flatMap({ UInt64($0) }), first <= last, last <= UInt64(Int64.max)
    else { return nil }
    range = first...last
  }
}

extension ValueKind {
  static let seeds = ValueKind("A..B", allowed: SeedRange.allowed) { SeedRange($0) != nil }
}
