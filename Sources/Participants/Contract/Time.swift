/// A length of time in microseconds: the project's only unit of time below the command line.
@usableFromInline package struct Microseconds: Hashable, Comparable, Sendable {
  @usableFromInline package var count: Int64

  @inlinable package init(_ count: Int64) { self.count = count }

  package static let zero = Microseconds(0)

  /// So many thousands of microseconds.
  @inlinable package static func milliseconds(_ count: Int64) -> Microseconds {
    Microseconds(count * 1_000)
  }

  /// So many millions of microseconds.
  @inlinable package static func seconds(_ count: Int64) -> Microseconds {
    Microseconds(count * 1_000_000)
  }

  @inlinable package static func < (a: Microseconds, b: Microseconds) -> Bool { a.count < b.count }
  @inlinable package static func + (a: Microseconds, b: Microseconds) -> Microseconds {
    Microseconds(a.count + b.count)
  }
  @inlinable package static func - (a: Microseconds, b: Microseconds) -> Microseconds {
    Microseconds(a.count - b.count)
  }
  @inlinable package static func * (a: Microseconds, factor: Int) -> Microseconds {
    Microseconds(a.count * Int64(factor))
  }
}

/// A duration as people write it: a decimal number and a unit, `250us`, `20ms`, `1.5s`, `2m`, `1h`.
extension Microseconds: CustomStringConvertible {
  /// The longest duration that is taken: ten years. Sums of a few of them stay far from overflow.
  package static let longest = Microseconds.seconds(10 * 366 * 86_400)

  private static let units: [(name: String, factor: Int64)] = [
    ("us", 1), ("ms", 1_000), ("s", 1_000_000), ("m", 60_000_000), ("h", 3_600_000_000),
  ]

  /// `nil` when the text is not a non-negative decimal number followed by a unit, when it is not a
  /// whole number of microseconds, or when it is longer than ``longest``.
  package init?(parsing text: some StringProtocol) {
    let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let suffix = text[number.endIndex...]
    guard let unit = Self.units.first(where: { $0.name == suffix }) else { return nil }
    guard let total = Int64(decimal: number, times: unit.factor, atMost: Self.longest.count) else {
      return nil
    }
    self.init(total)
  }

  /// What a text that is no duration was probably meant to be: a number without its unit, with a space
  /// before it or with a unit in words. `nil` where nobody can tell.
  package static func guess(_ text: some StringProtocol) -> Microseconds? {
    let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let words = text[number.endIndex...].drop { $0 == " " }.lowercased()
    let unit =
      switch words {
      case "", "s", "sec", "secs", "second", "seconds": "s"
      case "ms", "msec", "millis", "millisecond", "milliseconds": "ms"
      case "us", "µs", "usec", "microsecond", "microseconds": "us"
      case "m", "min", "mins", "minute", "minutes": "m"
      case "h", "hr", "hrs", "hour", "hours": "h"
      default: "?"
      }
    return Microseconds(parsing: number + unit)
  }

  /// The shortest exact spelling: `0s`, `250us`, `20ms`, `1500ms`, `2s`, `3m`.
  @usableFromInline package var description: String {
    guard count != 0 else { return "0s" }
    let unit = Self.units.last { count % $0.factor == 0 } ?? Self.units[0]
    return "\(count / unit.factor)\(unit.name)"
  }
}

/// A point in time, in microseconds since the Unix epoch.
///
/// A driver hands it to a participant with every input and never lets it run backwards. A
/// participant has no other clock.
@usableFromInline package struct Instant: Hashable, Comparable, Sendable {
  @usableFromInline package var microseconds: Int64

  @inlinable package init(microseconds: Int64) { self.microseconds = microseconds }

  @inlinable package static func < (a: Instant, b: Instant) -> Bool {
    a.microseconds < b.microseconds
  }
  @inlinable package static func + (a: Instant, b: Microseconds) -> Instant {
    Instant(microseconds: a.microseconds + b.count)
  }
  @inlinable package static func - (a: Instant, b: Microseconds) -> Instant {
    Instant(microseconds: a.microseconds - b.count)
  }
  @inlinable package static func - (a: Instant, b: Instant) -> Microseconds {
    Microseconds(a.microseconds - b.microseconds)
  }
}
