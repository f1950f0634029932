import Checks
import Exploration
import Networks
import Participants
import Testing
import Topology

@Suite struct `A network that spawn composes` {
  /// Checks whose matter the composed topologies leave out: no tracker is killed, no client uses a
  /// DHT, most files have spread before the last kill, two deaths are met by few lookups, and there
  /// are no NATs.
  private static let notDue = [
    "the-dht-carries-on-without-the-tracker", "what-is-held-spreads",
    "the-dead-do-not-stall-lookups", "punched-peers-hear-each-other",
  ]

  @Test(arguments: SpawnTemplate.all.map(\.network))
  func `keeps its promises while nodes are killed, and each check has something to judge`(
    network: String
  ) throws {
    let template = try #require(SpawnTemplate.all.first { $0.network == network })
    let file = template.compose(counts: [:], duration: .seconds(20), kills: 2)
    let topology = try Topology(file, roles: Networks.roles, checks: nil)
    let checks = try CheckLibrary(checksFolder).checks(nil, network: network)
    let laboratory = Laboratory(roles: Networks.roles, checks: checks, isInterrupted: { false })
    let trial = try laboratory.examine(topology.plan(seed: 1))
    #expect(trial.judgements.count == checks.count)
    for judgement in trial.judgements where !Self.notDue.contains(judgement.check.name) {
      #expect(judgement.verdict == .pass, "\(judgement)")
    }
  }
}
