import Arguments
import Messages
import NetworkFolders
import Participants
import Session
import Topology

/// `seedbed spawn`: a run without a topology file.
enum SpawnCommand: SeedbedCommand {
  static let name = "spawn"

  /// The networks that can be asked for by this command line, which the options follow from.
  private static let templates: [(folder: NetworkFolder, template: SpawnTemplate)] = {
    let words = CommandLine.arguments.dropFirst()
    // Other commands need not know.
    guard words.first == name || words.first == "help" else { return [] }
    let given = words.filter { $0.contains("/") }.map { NetworkFolder($0) }
    let folders = given + (networks(of: Array(words))?.all ?? [])
    return folders.compactMap { folder in
      // What is wrong with it is said when it is chosen.
      (try? folder.spawnTemplate()).flatMap { $0 }.map { (folder, $0) }
    }
  }()

  /// Where networks are looked for, read before the options are known.
  private static func networks(of words: [String]) -> NetworkFolders? {
    let option = "--\(Option.networks.name)"
    let given = words.indices.compactMap { index -> String? in
      if words[index] == option { return index + 1 < words.count ? words[index + 1] : nil }
      return words[index].hasPrefix("\(option)=")
        ? String(words[index].dropFirst(option.count + 1)) : nil
    }
    return try? NetworkFolders(given)
  }

  /// An option for each parameter, which the networks that have it share.
  private static func counts() -> [Option] {
    let parameters = templates.flatMap { folder, template in
      template.parameters.map { (folder.name, $0) }
    }
    var names: [String] = []
    for (_, parameter) in parameters where !names.contains(parameter.name) {
      names.append(parameter.name)
    }
    let others = (others + RunSession.liveOptions).map(\.name)
    return names.filter { !others.contains($0) }.map { name in
      let defaults = parameters.filter { $0.1.name == name }.map { "\($0.0) \($0.1.count)" }
      return Option(
        name, .integer("N", 1...Int64(Topology.mostNodes)),
        "How many \(name) there are. Without it: \(defaults.joined(separator: ", ")).")
    }
  }

  private static let others = [
    Option(
      "for", .duration(Topology.earliestStop...Topology.latestStop),
      "How long it runs when every node is ready. Without it: 20s, or what the network's spawn.yaml has."
    ),
    Option(
      "kill", .integer("N", 0...Int64(Topology.mostFaults)),
      "How many nodes are killed, between a quarter and half of the duration.",
      .defaulted("0")),
  ]

  static let command = Command(
    name, "Run a network of a given size, without a topology file.",
    discussion: """
      Composes a topology, whose timings fit into the duration, and runs it. A copy is in the \
      run's folder, to be changed and run again with 'run'. What is composed is in the network's \
      spawn.yaml; docs/NETWORKS.md tells how to write one.
      """,
    examples: [
      Example("seedbed spawn gossip --seeds 5 --peers 30 --for 20s --kill 2", "A first look."),
      Example("seedbed spawn torrent --clients 50 --kill 5", "A file for fifty clients."),
      Example(
        "seedbed spawn gossip --set groups.peer.options.report-dead=false --kill 1",
        "Peers that keep deaths to themselves: the checks fail."),
      Example("seedbed spawn ./my-network --peers 9", "A network of your own, in a folder."),
    ],
    positionals: [
      Positional(
        "NETWORK",
        "Which network, or its folder: \(templates.map(\.folder.name).joined(separator: ", ")).")
    ],
    options: counts() + others + RunSession.liveOptions)

  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let folder = try folder(arguments)
    guard let template = try folder.spawnTemplate() else {
      throw UsageError("\(folder.path): it has no readable spawn.yaml, which says what to compose")
    }
    let parameters = template.parameters.map(\.name)
    let known = Set(templates.flatMap { $0.template.parameters.map(\.name) })
    for option in known.sorted() where !parameters.contains(option) && arguments[option] != nil {
      throw UsageError(
        "the \(folder.name) network has no --\(option); it has: "
          + parameters.map { "--\($0)" }.joined(separator: ", "),
        command: arguments.path)
    }
    var counts: [String: Int] = [:]
    for name in parameters { counts[name] = arguments.integer(name).map { Int($0) } }
    let kills = Int(arguments.integer("kill") ?? 0)
    let most = template.mostKills(counts: counts)
    if kills > most {
      throw arguments.refusal(
        of: "kill",
        allowed: template.victims.map { "at most \(most), all nodes of group \($0)" }
          ?? "0: its spawn.yaml says of no group that its nodes may be killed")
    }
    let composed = try template.compose(
      counts: counts, duration: arguments.duration("for"), kills: kills)
    let topology = try RunSession.topology(composed, arguments.runOptions())
    var file = composed
    file.path = "spawn \(folder.name)"
    return try RunSession.run(file, arguments) { topology.plan(seed: $0) }
  }

  private static func folder(_ arguments: ParsedArguments) throws -> NetworkFolder {
    let name = try arguments.require("NETWORK")
    if name.contains("/") {
      let folder = NetworkFolder(name)
      guard folder.exists else { throw UsageError("\(name): there is no such folder") }
      return folder
    }
    let networks = try arguments.networks
    guard let folder = networks.folder(named: name) else {
      let known = networks.all.filter(\.hasSpawnFile).map(\.name)
      let hint =
        NetworkFolder("./\(name)").exists
        ? " (did you mean './\(name)'?)" : suggestion(for: name, among: known)
      throw UsageError(
        "unknown network '\(name)'\(hint); there is: "
          + known.joined(separator: ", "),
        command: arguments.path)
    }
    return folder
  }
}
