package import Participants

extension FuzzTarget {
  /// An input: a sample that was changed here and there, several of them, or plain noise.
  package func input(using random: inout SeededGenerator) -> [UInt8] {
    if Int.random(in: 0..<16, using: &random) == 0 {
      return (0..<Int.random(in: 0..<256, using: &random)).map { _ in
        UInt8.random(in: .min ... .max, using: &random)
      }
    }
    var input: [UInt8] = []
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      input += samples.randomElement(using: &random) ?? []
    }
    for _ in 0..<Int.random(in: 0..<6, using: &random) { change(&input, using: &random) }
    return input
  }

  private static let remarkable: [UInt8] = [
    0, 1, 0x7f, 0x80, 0xfe, 0xff, UInt8(ascii: " "), UInt8(ascii: ":"), UInt8(ascii: "\""),
    UInt8(ascii: "\\"), UInt8(ascii: "\n"), UInt8(ascii: "{"), UInt8(ascii: "9"),
  ]

  private func change(_ input: inout [UInt8], using random: inout SeededGenerator) {
    let place = Int.random(in: 0...input.count, using: &random)
    let end = min(input.count, place + Int.random(in: 1...32, using: &random))
    switch Int.random(in: 0..<7, using: &random) {
    case 0 where place < input.count: input[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 1 where place < input.count:
      input[place] = Self.remarkable.randomElement(using: &random) ?? 0
    case 2: input.removeSubrange(place..<end)
    case 3: input.insert(contentsOf: input[place..<end], at: place)
    case 4: input.insert(UInt8.random(in: .min ... .max, using: &random), at: place)
    case 5: input.removeSubrange(place...)
    default:
      let other = samples.randomElement(using: &random) ?? []
      input.insert(contentsOf: other.suffix(Int.random(in: 0...64, using: &random)), at: place)
    }
  }
}
