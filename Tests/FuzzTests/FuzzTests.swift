import FuzzTargets
import Participants
import Testing

@Suite struct `Everything that takes bytes from outside` {
  @Test(arguments: FuzzTargets.all.map(\.name))
  func `comes back from thousands of random inputs`(name: String) throws {
    let target = try #require(FuzzTargets.all.first { $0.name == name })
    var random = SeededGenerator(seed: 1, stream: name)
    for _ in 0..<2_000 { target.take(target.input(using: &random)) }
  }

  @Test func `gets inputs that differ, and the same ones from the same seed`() throws {
    let target = try #require(FuzzTargets.all.first)
    func inputs(_ seed: UInt64) -> [[UInt8]] {
      var random = SeededGenerator(seed: seed)
      return (0..<100).map { _ in target.input(using: &random) }
    }
    #expect(inputs(1) == inputs(1))
    #expect(inputs(1) != inputs(2))
    #expect(Set(inputs(1)).count > 80)
  }
}
