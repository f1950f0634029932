import Arguments
import Messages
import Participants
import Session
import Topology

/// `seedbed spawn`: a run without a topology file.
enum SpawnCommand: SeedbedCommand {
  /// An option for each kind of group, which the networks that have it share.
  private static let counts: [Option] = {
    let groups = SpawnTemplate.all.flatMap { template in
      template.groups.map { (template.network, $0) }
    }
    var names: [String] = []
    for (_, group) in groups where !names.contains(group.option) { names.append(group.option) }
    return names.map { name in
      let defaults = groups.filter { $0.1.option == name }.map { "\($0.0) \($0.1.count)" }
      return Option(
        name, .integer("N", 1...Int64(Topology.mostNodes)),
        "How many \(name) there are. Without it: \(defaults.joined(separator: ", ")).")
    }
  }()

  static let command = Command(
    "spawn", "Run a network of a given size, without a topology file.",
    discussion: """
      Composes a topology, whose timings fit into the duration, and runs it. A copy is in the \
      run's folder, to be changed and run again with 'run'.
      """,
    examples: [
      Example("seedbed spawn gossip --seeds 5 --peers 30 --for 20s --kill 2", "A first look."),
      Example("seedbed spawn torrent --clients 50 --kill 5", "A file for fifty clients."),
      Example(
        "seedbed spawn gossip --set groups.peer.options.report-dead=false --kill 1",
        "Peers that keep deaths to themselves: the checks fail."),
    ],
    positionals: [
      Positional(
        "NETWORK",
        "Which network: \(SpawnTemplate.all.map(\.network).joined(separator: ", ")).")
    ],
    options: counts + [
      Option(
        "for", .duration(Topology.earliestStop...Topology.latestStop),
        "How long it runs when every node is ready.", .defaulted("20s")),
      Option(
        "kill", .integer("N", 0...Int64(Topology.mostFaults)),
        "How many nodes are killed, between a quarter and half of the duration.",
        .defaulted("0")),
    ] + RunSession.liveOptions)

  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let name = try arguments.require("NETWORK")
    guard let template = SpawnTemplate.all.first(where: { $0.network == name }) else {
      let known = SpawnTemplate.all.map(\.network)
      let hint = nearestWord(to: name, among: known).map { " (did you mean '\($0)'?)" } ?? ""
      throw UsageError(
        "unknown network '\(name)'\(hint); there is: \(known.joined(separator: ", "))",
        command: "seedbed spawn")
    }
    let known = template.groups.map(\.option)
    for option in Self.counts.map(\.name) where !known.contains(option) && arguments[option] != nil
    {
      throw UsageError(
        "the \(name) network has no --\(option); it has: "
          + known.map { "--\($0)" }.joined(separator: ", "),
        command: "seedbed spawn")
    }
    var counts: [String: Int] = [:]
    for group in template.groups {
      counts[group.name] = arguments.integer(group.option).map { Int($0) }
    }
    let kills = Int(arguments.integer("kill") ?? 0)
    let most =
      counts[template.victims]
      ?? template.groups.first { $0.name == template.victims }?.count ?? 0
    if kills > most {
      throw arguments.refusal(
        of: "kill",
        allowed: "at most \(most), all nodes of group \(template.victims)")
    }
    let duration = arguments.duration("for")
    let file = template.compose(
      counts: counts, duration: duration ?? .seconds(20), kills: kills)
    let topology: Topology
    do {
      topology = try RunSession.topology(file, arguments.runOptions())
    } catch let error as TopologyError {
      throw error.withoutLines
    }
    return try RunSession.run(file, arguments) { topology.plan(seed: $0) }
  }
}
