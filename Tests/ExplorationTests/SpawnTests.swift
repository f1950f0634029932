import Checks
import Exploration
import Messages
import NetworkFolders
import Networks
import Participants
import Testing
import Topology

@Suite struct `A network that spawn composes` {
  private func trial(_ network: String, kills: Int) throws -> Laboratory.Trial {
    let folder = try #require(NetworkFolders.found.folder(named: network))
    let template = try #require(try folder.spawnTemplate())
    let file = try template.compose(duration: .seconds(20), kills: kills)
    let topology = try Topology(file, roles: Networks.roles, checks: nil)
    let checks = try CheckLibrary().checks(nil, network: network)
    let laboratory = Laboratory(roles: Networks.roles, checks: checks, isInterrupted: { false })
    let trial = try laboratory.examine(topology.plan(seed: 1))
    #expect(trial.judgements.count == checks.count)
    return trial
  }

  /// No tracker is killed, no client uses a DHT, and there are no NATs.
  private static let notAsked: Set = [
    "the-dht-carries-on-without-the-tracker", "punched-peers-hear-each-other",
  ]

  @Test(arguments: NetworkFolders.shipped.map(\.name))
  func `keeps its promises while nodes are killed, and each check has something to judge`(
    network: String
  ) throws {
    for judgement in try trial(network, kills: 2).judgements {
      let isAsked = !Self.notAsked.contains(judgement.check.name)
      #expect(judgement.verdict == (isAsked ? .pass : .notAsked), "\(judgement)")
    }
  }

  @Test(arguments: NetworkFolders.shipped.map(\.name))
  func `is a success where nobody is killed`(network: String) throws {
    let trial = try trial(network, kills: 0)
    #expect(trial.exitCode == .success, "\(trial.judgements)")
    let unasked = trial.judgements.filter { $0.verdict == .notAsked }
    // What pex promises, it promises also where nobody dies.
    #expect(unasked.isEmpty == (network == "pex"))
    #expect(unasked.count < trial.judgements.count)
  }
}
