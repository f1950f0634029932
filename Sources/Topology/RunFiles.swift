/// What is in a run's folder, by name: whoever writes it and whoever reads it go by this.
package enum RunFiles {
  /// The run's ``RunManifest``.
  package static let plan = "plan.json"
  /// The topology, as it was given.
  package static let topology = "topology.yaml"
  /// The addresses of the seeds that are up.
  package static let seedList = "config.txt"
  /// The faults on the network that are on; absent until the first begins.
  package static let rules = "network.rules"
  /// When what programs printed was seen.
  package static let printedTimes = "printed.times"
  /// Whose log the supervisor's is: no node is called so.
  package static let supervisor = "supervisor"
  /// What the name of an event log ends in.
  package static let logSuffix = ".ndjson"
  /// What the name of a file with what a node printed ends in.
  package static let outputSuffix = ".out"

  /// A node's event log.
  package static func log(of node: String) -> String { node + logSuffix }

  /// What a node printed.
  package static func output(of node: String) -> String { node + outputSuffix }

  /// The folder of a node's own files.
  package static func data(of node: String) -> String { "\(node).data" }
}
