import Exploration
import Foundation
import History
import Networks
import Participants
import Simulator
import Supervisor
import Testing
import Topology

/// Simulates one of the repository's topologies.
func simulate(
  _ topology: String, set overrides: [String] = [], seed: UInt64 = 1, into history: String
) throws {
  let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  let file = try TopologyFile(reading: root.appending(path: "topologies/\(topology).yaml").path)
  let plan = try Topology(file, overrides: overrides, roles: Networks.roles, checks: nil)
    .plan(seed: seed)
  let folder = try LiveRunFolder(
    in: URL(filePath: history).deletingLastPathComponent().path, network: plan.network,
    launched: Simulation.launch)
  let manifest = RunManifest(
    name: folder.name, network: plan.network, driver: "simulated", topology: file.path,
    version: "0", launched: Microseconds(Simulation.launch.microseconds), plan: plan)
  try folder.write(manifest, topology: file.text)
  let simulated = try SimulatedRun(
    plan, roles: Networks.roles, version: "0", folder: folder, history: history)
  #expect(simulated.events > 1_000)
}
