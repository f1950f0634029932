import Arguments
import History
import Messages
import Session
import Topology

/// `seedbed rerun`: a recorded run's plan once more.
enum RerunCommand: SeedbedCommand {
  static let command = Command(
    "rerun", "Run a recorded run's plan again, by the driver that it had.",
    discussion: """
      The plan is the one in the run's folder: its nodes, options, faults and seed, changes by \
      --set included. A simulation gives the same events again, and the same digest; with real \
      processes the schedule is the same and not the execution. Exit codes are those of 'run'.
      """,
    examples: [
      Example("seedbed rerun last", "The last run again."),
      Example("seedbed rerun logs/20261120-074458-gossip-d940", "From a folder, of any machine."),
    ],
    positionals: [
      Positional(
        "RUN", "A run: 'last', its number, the beginning of its name, or its folder.", .optional)
    ],
    options: [
      .logs, .history, .checks, .report, .noChecks, .boundTo,
      .flag("no-history", "Keep nothing of a simulation."),
    ])

  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let reference = arguments["RUN"] ?? "last"
    let path =
      reference.contains("/")
      ? reference : try ReadOnlyHistory(arguments.history, runNamed: reference).folder()
    let folder = try RunFolder(path)
    let manifest = folder.manifest
    let topology = TopologyFile(
      path: manifest.topology, text: try TopologyFile(reading: "\(path)/\(RunFiles.topology)").text)
    // What is not kept has no number to be run again by.
    let again = ["seedbed", "rerun", reference] + arguments.placesGiven
    let options = try arguments.runOptions(again: arguments.has("no-history") ? again : nil)
    let session = try RunSession(plan: manifest.plan, topology: topology, options)
    if manifest.driver == "simulated" { return try session.simulate() }
    if arguments.has("no-history") {
      throw UsageError(
        "--no-history is for simulations; \(manifest.name) ran live", command: "seedbed rerun")
    }
    return try session.run().exitCode
  }
}
