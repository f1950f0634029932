import FuzzTargets
import Networks
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

/// Nobody can fill a disk by saying the same again and again.
@Suite struct `A flood of messages` {
  /// Each alone, and all in turn.
  private static let floods = Networks.roles.flatMap { role in
    (0..<Flood.messages(of: role)).map { (role.fullName, Optional($0)) } + [(role.fullName, nil)]
  }

  @Test(arguments: floods)
  func `makes a log grow with its logarithm`(name: String, message: Int?) throws {
    let role = try #require(Networks.role(named: name))
    try expectFewLines(of: Flood(role, message: message))
  }

  @Test(arguments: floods)
  func `on ever new connections does so too`(name: String, message: Int?) throws {
    let role = try #require(Networks.role(named: name))
    try expectFewLines(of: Flood(role, message: message, hangsUp: true))
  }

  private func expectFewLines(of flood: Flood) throws {
    var flood = flood
    flood.say(5_000, within: .seconds(1))
    let before = flood.logged
    flood.say(5_000, within: .seconds(1))
    for (kind, count) in flood.logged {
      let more = count - before[kind, default: 0]
      // Of a kind 64 are told apart, and logged up to 13 times each; what is spared is spared once a
      // second.
      #expect(
        count <= 900 && more <= 100, "\(kind): \(count), of which \(more) in the second half")
    }
  }
}
