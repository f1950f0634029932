import Arguments
import Checks
import History
import Networks
import Participants
import Simulator
import Supervisor
import Topology

/// `seedbed simulate`: a topology in virtual time.
enum SimulateCommand: SeedbedCommand {
  static let command = Command(
    "simulate", "Run a topology in virtual time, in one process: same seed, same events.",
    discussion: """
      The nodes' own code runs under the same schedule, over a simulated network (the topology's \
      network-model). The history, the views and the checks are those of a real run. A line \
      'digest HEX' sums up every event: the same seed, topology and build give the same digest \
      anywhere.
      """,
    examples: [
      Example("seedbed simulate topologies/gossip.yaml --seed 7", "Always the same run."),
      Example(
        "seedbed simulate topologies/gossip.yaml --set groups.peer.count=10000 --no-checks",
        "A size that no machine can host."),
    ],
    positionals: [Positional("TOPOLOGY", "The topology file.")], options: RunSession.options)

  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let file = try TopologyFile(reading: try arguments.require("TOPOLOGY"))
    let plan = try RunSession.topology(file, arguments, isSimulated: true).plan(seed: arguments.seed)
    let checks =
      arguments.has("no-checks")
      ? nil : try CheckLibrary(arguments["checks"]).checks(plan.checks, network: plan.network)
    let folder = try LiveRunFolder(in: arguments.logs, network: plan.network, launched: .now)
    let manifest = RunManifest(
      name: folder.name, network: plan.network, driver: "simulated", topology: file.path,
      version: Version.current, launched: Microseconds(Simulation.launch.microseconds), plan: plan)
    try folder.write(manifest, topology: file.text)
    let logs = LogFiles(folder: folder.path)
    print("run \(folder.name): \(plan.nodes.count) nodes, seed \(plan.seed), simulated")
    let clock = ContinuousClock()
    let start = clock.now
    let simulation = Simulation(
      plan: plan, roles: Networks.roles, version: Version.current, sink: logs)
    let outcome = simulation.run()
    let took = clock.now - start
    logs.flush()
    print("\(outcome.conclusion.outcome.rawValue) \(outcome.conclusion.reason)")
    print("happenings \(outcome.happenings), lines \(outcome.lines), took \(took), virtual \(outcome.lasted)")
    print("digest \(outcome.digest)")
    var collector = try Collector(folder: RunFolder(folder.path), history: arguments.history)
    _ = try collector.finish()
    print("collected after \(clock.now - start)")
    guard let checks else { return .success }
    let judge = try Judge(arguments.history, run: collector.run)
    let judgements = judge.judge(checks)
    try judgements.store(run: collector.run, history: arguments.history)
    print(try judge.report(judgements, paint: Terminal.output.painted))
    return judgements.exitCode
  }
}
