/// Something that takes bytes from outside, and must come back from all of them. What it says of them
/// can be checked by preconditions: that what was read is written so that it is read again.
package struct FuzzTarget: Sendable {
  package let name: String
  /// Well-formed inputs, which are changed at random.
  package let samples: [[UInt8]]
  /// Takes an input. The generator says how it is cut, where that can matter.
  private let take: @Sendable (_ input: [UInt8], _ random: inout SeededGenerator) -> Void

  package init(
    _ name: String, samples: [[UInt8]],
    take: @escaping @Sendable (_ input: [UInt8], _ random: inout SeededGenerator) -> Void
  ) {
    self.name = name
    self.samples = samples
    self.take = take
  }

  /// Takes one input. How it is cut follows from its bytes, so that a saved input does the same
  /// again.
  package func take(_ input: [UInt8]) {
    var random = SeededGenerator(seed: input.reduce(0) { $0 &* 31 &+ UInt64($1) })
    take(input, &random)
  }

  /// Cuts an input as TCP might.
  package static func cut(_ input: [UInt8], using random: inout SeededGenerator) -> [[UInt8]] {
    var parts: [[UInt8]] = []
    var rest = input[...]
    while !rest.isEmpty {
      let length = Int.random(in: 1...64, using: &random) << Int.random(in: 0..<5, using: &random)
      parts.append(Array(rest.prefix(length)))
      rest = rest.dropFirst(length)
    }
    return parts
  }
}
