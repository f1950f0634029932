/// The project's only source of randomness: xoshiro256** 1.0 (Blackman and Vigna, "Scrambled linear
/// pseudorandom number generators", 2021), its state filled by SplitMix64 as its authors advise.
///
/// The same seed gives the same numbers on every machine and in every build. Not for secrets.
@usableFromInline package struct SeededGenerator: RandomNumberGenerator, Sendable {
  @usableFromInline var state: (UInt64, UInt64, UInt64, UInt64)

  package init(seed: UInt64) {
    var mixer = seed
    func next() -> UInt64 {
      mixer &+= 0x9e37_79b9_7f4a_7c15
      var z = mixer
      z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
      return z ^ (z >> 31)
    }
    state = (next(), next(), next(), next())
  }

  /// A generator of its own for one part of a run (a node, the fault schedule), so that what one
  /// part draws never shifts what another gets.
  package init(seed: UInt64, stream: some StringProtocol) {
    // FNV-1a, 64 bits: spreads short names; SplitMix64 does the mixing.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in stream.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    self.init(seed: seed ^ hash)
  }

  /// The next 64 bits.
  @inlinable package mutating func next() -> UInt64 {
    let result = rotate(state.1 &* 5, by: 7) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = rotate(state.3, by: 45)
    return result
  }

  @inlinable func rotate(_ value: UInt64, by bits: UInt64) -> UInt64 {
    (value << bits) | (value >> (64 - bits))
  }
}

extension [UInt8] {
  /// So many bytes. Not for secrets.
  package static func random(_ count: Int, using random: inout SeededGenerator) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next() >> 32) }
  }
}
