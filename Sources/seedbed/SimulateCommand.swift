import Arguments
import Messages
import Session
import Topology

/// `seedbed simulate`: a topology in virtual time.
enum SimulateCommand: SeedbedCommand {
  static let command = Command(
    "simulate", "Run a topology in virtual time, in one process: same seed, same events.",
    discussion: """
      The nodes' own code runs under the same schedule, over a simulated network (the topology's \
      network-model). The history, the views and the checks are those of a real run. A line \
      'digest HEX' sums up every event: the same seed, topology and build give the same digest \
      anywhere. Exit codes are those of 'run'. docs/SIMULATION.md says more.
      """,
    examples: [
      Example("seedbed simulate topologies/gossip.yaml --seed 7", "Always the same run."),
      Example(
        "seedbed simulate topologies/gossip.yaml --set groups.peer.count=1000 --no-history",
        "The verdicts alone."),
    ],
    positionals: [Positional("TOPOLOGY", "The topology file.")],
    options: RunSession.options + [
      .flag(
        "no-history", "Keep nothing: events only as far as the checks need them, for as long.")
    ])

  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let file = try TopologyFile(reading: try arguments.require("TOPOLOGY"))
    let seed = arguments.seed
    let options = try arguments.runOptions(again: arguments.simulation(of: file.path, seed: seed))
    let topology = try RunSession.topology(file, options, isSimulated: true)
    return try RunSession(plan: topology.plan(seed: seed), topology: file, options).simulate()
  }
}
