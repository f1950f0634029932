import Arguments
import Checks
import Clock
import Exploration
import Foundation
import History
import Messages
import NetworkFolders
import Networks
import Participants
import Session
import Supervisor
import Topology

/// `seedbed explore`: one topology, many seeds.
enum ExploreCommand: SeedbedCommand {
  static let command = Command(
    "explore", "Simulate a topology with many seeds, and say which of them fail.",
    discussion: """
      Each seed is simulated and judged as by 'seedbed simulate --no-history'. A seed that fails \
      gets a line with the checks that failed and the command that replays it. With --shrink, the \
      first of them is made smaller for as long as it fails the same way: fewer faults and nodes, an \
      earlier stop, shorter disturbances; what is left is written as a topology.

      The exit code is that of the worst seed. Ctrl-C ends it with what is known.
      """,
    examples: [
      Example("seedbed explore topologies/gossip.yaml --seeds 1..1000", "A thousand runs."),
      Example(
        "seedbed explore topologies/gossip.yaml --seeds 1..50 "
          + "--set groups.peer.options.report-dead=false --shrink",
        "A failure, and the smallest topology that has it."),
    ],
    positionals: [Positional("TOPOLOGY", "The topology file.")],
    options: [
      Option("seeds", .seeds, "Which seeds.", .defaulted("1..100")),
      Option("jobs", .integer("N", 1...256), "How many at a time.", .defaulted("2")),
      .set, .networks,
      .flag("shrink", "Make the first failure small, and write it as a topology."),
      Option(
        "output", .text("FILE"),
        "Where --shrink writes; without it, TOPOLOGY-shrunk-SEED.yaml in this folder."
      ).with("shrink"),
    ])

  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let file = try TopologyFile(reading: arguments.require("TOPOLOGY"))
    let topology = try Topology(
      file, overrides: arguments.all("set"), roles: Networks.roles, networks: arguments.networks,
      checks: { $0?.names(of: .checks) ?? [] }, programs: false)
    let network = topology.networkFolder.map { NetworkFolder($0) }
    guard let seeds = arguments["seeds"].flatMap(SeedRange.init) else {
      throw arguments.refusal(of: "seeds", allowed: SeedRange.allowed)
    }
    let laboratory = Laboratory(
      roles: Networks.roles,
      checks: try CheckLibrary(arguments.networks)
        .checks(topology.checks, network: topology.network, folder: network),
      views: try Views(network.map { [$0] } ?? []),
      isInterrupted: { Interruption.hasCome })
    Interruption.watch()
    var display = ExploreDisplay(
      seeds.range, replay: { arguments.simulation(of: file.path, seed: $0) })
    display.start(file.path)
    var firstFailure: (seed: UInt64, failure: Shrinker.Failure)?
    let jobs = Int(arguments.integer("jobs") ?? 2)
    Explorer(topology, seeds: seeds.range, jobs: jobs, in: laboratory).run { finding in
      display.take(finding)
      if firstFailure == nil, case .success(let trial) = finding.result,
        let failure = Shrinker.Failure(trial)
      {
        firstFailure = (finding.seed, failure)
      }
    }
    display.finish()
    if arguments.has("shrink"), let (seed, failure) = firstFailure, !Interruption.hasCome {
      try shrink(topology, seed, failure, file, arguments, laboratory)
    }
    // Too little may have been seen for a success.
    return Interruption.hasCome && display.worst == .success ? .inconclusive : display.worst
  }

  private static func shrink(
    _ topology: Topology, _ seed: UInt64, _ failure: Shrinker.Failure, _ file: TopologyFile,
    _ arguments: ParsedArguments, _ laboratory: Laboratory
  ) throws {
    var shrinker = Shrinker(
      topology, seed: seed, failure: failure, roles: Networks.roles, in: laboratory)
    let start = Instant.now
    var line = LiveLine()
    try shrinker.shrink { now in
      line.show("\(size(of: now.topology)), \(counted(now.trials, "simulation"))")
    }
    line.clear()
    if Interruption.hasCome { return Terminal.complain("interrupted: nothing was written") }
    let output = arguments["output"] ?? "\(stem(of: file.path))-shrunk-\(seed).yaml"
    var words = ["seedbed", "simulate", output, "--seed", String(shrinker.seed)]
    words += arguments.networksGiven
    let command = shellLine(words)
    let what =
      switch failure {
      case .check(let name): "the check \(name) fails"
      case .run: "the run fails"
      }
    try write(
      shrinker.topology.text(
        roles: Networks.roles,
        comment: [
          "With seed \(shrinker.seed) \(what):", command,
          "Shrunk from \(file.path), which failed with seed \(seed).",
        ]),
      to: output)
    // What counts is what the file does.
    let written = try Topology(TopologyFile(reading: output), roles: Networks.roles, checks: nil)
    guard try failure.isShown(by: laboratory.examine(written.plan(seed: shrinker.seed))) else {
      return Terminal.complain("interrupted: \(output) is written, but was not simulated again")
    }
    Terminal.say(
      "shrunk to \(size(of: written)) with \(counted(shrinker.trials, "simulation")) in "
        + "\(RunDisplay.seconds(Instant.now - start)) s: \(what)\n\(command)\n")
  }

  private static func write(_ text: String, to path: String) throws {
    do {
      try text.write(toFile: path, atomically: true, encoding: .utf8)
    } catch {
      throw UsageError("\(words(of: error)): choose another file with --output")
    }
  }

  private static func size(of topology: Topology) -> String {
    let nodes = topology.groups.reduce(0) { $0 + $1.count }
    let faults = topology.faults.count
    return "\(counted(nodes, "node")), \(counted(faults, "fault")), "
      + "stop at \(topology.stopAt)"
  }

  /// A file's name without its folder and its ending.
  private static func stem(of path: String) -> String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let parts = name.split(separator: ".")
    return parts.count > 1 ? parts.dropLast().joined(separator: ".") : name
  }
}
