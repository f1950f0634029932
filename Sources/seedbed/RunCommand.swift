import Arguments
import Glibc
import Messages
import Networks
import Participants
import Session
import Supervisor
import Topology

/// `seedbed run`: one execution of a topology.
enum RunCommand: SeedbedCommand {
  static let command = Command(
    "run", "Run a topology: start its network, break it, record and judge what happened.",
    discussion: """
      Every node is a process of its own. When all are ready the schedule begins; when it ends \
      the nodes are stopped and the checks judge the run. Ctrl-C stops the nodes in order and \
      still records the run; a second Ctrl-C, or Ctrl-\\, kills them. Ctrl-Z stops only seedbed: \
      the nodes run on, and what was due meanwhile is done when seedbed goes on.

      The exit code is 0 when every check passed, 1 when a check or the run failed, 2 when there \
      was too little to judge or the run was interrupted, 3 when it could not be recorded or \
      judged, and 64 for wrong usage or input.
      """,
    examples: [
      Example("seedbed run topologies/gossip.yaml", "With a random seed, which is printed."),
      Example(
        "seedbed run topologies/gossip.yaml --seed 7 --set groups.peer.count=50",
        "Another size; always the same victims."),
      Example(
        "seedbed run topologies/gossip.yaml --repeat 20 --report junit=flakes.xml",
        "How often does it fail?"),
      Example(
        "seedbed run topologies/gossip.yaml --config config.txt",
        "A seed at each address of the file."),
      Example(
        "run=$(seedbed run topologies/gossip.yaml --wait run.began)",
        "In a script: goes on in the background once every node is ready; 'fault', 'wait' and "
          + "'stop' take it from there."),
    ],
    positionals: [Positional("TOPOLOGY", "The topology file.")],
    options: RunSession.liveOptions + [
      Option(
        "config", .text("FILE"),
        "A file of HOST:PORT lines: start one seed at each, whatever the topology's count."),
      Option(
        "wait", .text("EVENT|SQL"),
        "Go into the background when this has come, as for 'wait', and print the run's name.",
        .repeated),
      Option.timeout("2m").with("wait"),
    ])

  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let file = try TopologyFile(reading: arguments.require("TOPOLOGY"))
    let plan: (UInt64) throws -> Plan
    if let config = arguments["config"] {
      let seeds = try Self.seeds(reading: config)
      plan = { try Self.plan(file, at: seeds, arguments, seed: $0) }
    } else {
      let topology = try RunSession.topology(file, arguments.runOptions())
      plan = { topology.plan(seed: $0) }
    }
    guard arguments.has("wait") else { return try RunSession.run(file, arguments, plan) }
    // All that can be wrong is said before another process begins.
    let session = try RunSession(
      plan: plan(arguments.seed), topology: file, arguments.runOptions())
    return try BackgroundRun(
      withoutWaiting(CommandLine.arguments.dropFirst()), in: arguments.places,
      until: arguments.all("wait").map { Awaited($0, node: nil) }, within: arguments.timeout,
      plan: session.plan
    ).wait()
  }

  /// The same command line, for a run in the foreground.
  private static func withoutWaiting(_ arguments: some Sequence<String>) -> [String] {
    var kept: [String] = []
    var isValue = false
    for argument in arguments {
      let isOurs = ["--wait", "--timeout"].contains {
        argument == $0 || argument.hasPrefix("\($0)=")
      }
      if !isOurs, !isValue { kept.append(argument) }
      isValue = isOurs && !argument.contains("=")
    }
    return kept
  }

  /// The addresses of a `config.txt`.
  private static func seeds(reading path: String) throws -> [Address] {
    let file = try TopologyFile(reading: path)
    do {
      let seeds = try SeedList(parsing: file.text).seeds
      if seeds.isEmpty { throw UsageError("\(path): no address: give one HOST:PORT per line") }
      for seed in seeds { try check(seed, in: path) }
      return seeds
    } catch let error as SeedListError {
      throw UsageError("\(path):\(error.line): \(error)")
    }
  }

  /// Makes sure that a node of this machine can listen there, whatever has the port.
  private static func check(_ seed: Address, in path: String) throws(UsageError) {
    var hints = unsafe addrinfo()
    unsafe hints.ai_flags = AI_NUMERICHOST
    unsafe hints.ai_socktype = CInt(SOCK_DGRAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard unsafe getaddrinfo(seed.host, "0", &hints, &found) == 0, let address = unsafe found else {
      throw UsageError("\(path): '\(seed)': give the host as a number, e.g. 127.0.0.1")
    }
    defer { unsafe freeaddrinfo(address) }
    let descriptor = unsafe socket(address.pointee.ai_family, address.pointee.ai_socktype, 0)
    defer { close(descriptor) }
    let isBound =
      unsafe bind(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0
    guard !isBound, errno == EADDRNOTAVAIL else { return }
    throw UsageError(
      "\(path): \(seed) is no address of this machine, and the seeds are to listen there: give one that "
        + "it has, e.g. 127.0.0.1:\(seed.port)")
  }

  /// The plan with one seed at each address.
  private static func plan(
    _ file: TopologyFile, at seeds: [Address], _ arguments: ParsedArguments, seed: UInt64
  ) throws -> Plan {
    let listed = try RunSession.topology(file, arguments.runOptions()).groups.filter {
      RunSession.seedLists[$0.role] == .listed
    }
    guard let group = listed.first, listed.count == 1 else {
      throw UsageError(
        "--config needs a topology with one group of seeds; \(file.path) has \(listed.count)")
    }
    let count = "groups.\(group.name).count=\(seeds.count)"
    var plan = try RunSession.topology(file, arguments.runOptions(), overrides: [count])
      .plan(seed: seed)
    if plan.isolation != .none {
      throw UsageError(
        "--config says where seeds listen, and \(file.path) gives every node an address of its own: "
          + "leave one of the two out")
    }
    var rest = seeds[...]
    for index in plan.nodes.indices where plan.nodes[index].group == group.name {
      plan.nodes[index].listen = rest.popFirst()?.description
    }
    return plan
  }
}
