import Arguments
import Glibc
import LiveDriver
import Messages
import Participants

/// The command line of `seedbed-node`: a subcommand for each role, made from the catalogue.
struct NodeCommandLine {
  let name: String
  let listen: Address
  let also: String?
  let advertisedHost: String?
  let config: String?
  let log: String?
  let data: String
  let seed: UInt64
  let rules: RulesFile?
  let options: OptionValues

  init(_ arguments: ParsedArguments, role: Role) throws(UsageError) {
    let listenText = try arguments.require("listen")
    guard let listen = Address(parsing: listenText) else {
      throw arguments.refusal(of: "listen", allowed: Self.addressForm)
    }
    self.listen = listen
    also = arguments["also"]
    name = arguments["name"] ?? role.fullName
    advertisedHost = arguments["advertise"]
    config = arguments["config"]
    log = arguments["log"]
    data = arguments["data"] ?? "."
    seed = Self.seed(arguments.integer("seed"))
    rules = arguments["rules"].map { [name, seed] path in
      RulesFile(path: path, name: name, seed: seed)
    }
    options = OptionValues(role.options, reading: { arguments[$0] })
  }

  /// The seed that was given, or any.
  static func seed(_ given: Int64?) -> UInt64 {
    given.map { UInt64($0) } ?? UInt64.random(in: 0...UInt64(Int64.max))
  }

  /// What `isolation: relay` starts beside the nodes.
  static let relay = Command(
    "relay", "Stand between the nodes of a run, for the supervisor.",
    discussion: """
      'seedbed run' starts it for a topology with 'isolation: relay', and speaks to it over a socket \
      that is its standard input.
      """,
    options: [seedOption("Fixes what is lost on purpose; random if absent.")])

  private static func seedOption(_ summary: String) -> Option {
    Option("seed", .integer("N", 0...Int64.max), summary)
  }

  private static let addressForm = "HOST:PORT with a numeric host, e.g. 127.0.0.1:5000"

  static func root(_ roles: [Role]) -> Command {
    Command(
      "seedbed-node", "Run one node of a peer-to-peer network.",
      discussion: """
        A node listens, prints its events as JSON lines (or appends them to a log) and runs until \
        SIGTERM or Ctrl-C.
        """,
      examples: [
        Example(
          "seedbed-node gossip-seed --listen 127.0.0.1:5000 --config config.txt",
          "A seed, which adds itself to config.txt."),
        Example(
          "seedbed-node gossip-peer --config config.txt", "A peer, on any free port of 127.0.0.1."),
      ],
      subcommands: roles.map(command) + [relay], version: Version.current)
  }

  private static func command(for role: Role) -> Command {
    Command(
      role.fullName, "A \(role.network) \(role.name): \(role.summary).",
      options: [
        Option(
          "listen",
          ValueKind("HOST:PORT", allowed: addressForm) { Address(parsing: $0) != nil },
          "Where to listen; port 0 takes any free one.", .defaulted("127.0.0.1:0")),
        Option(
          "also", .text("HOST"),
          "Another host to listen on, at the same port: ::1 beside 127.0.0.1, say."),
        Option(
          "advertise", .text("HOST"), "The host to tell others, if it is not that of --listen."),
        Option(
          "config", .text("FILE"),
          role.seedList == .listed
            ? "The seed list, one HOST:PORT a line: the node adds itself if it is absent."
            : "The seed list, one HOST:PORT a line.",
          role.seedList == .reads ? .required : .optional),
        Option("log", .text("FILE"), "Append events to this file, not to standard output."),
        Option(
          "data", .text("FOLDER"),
          "Where the node keeps files of its own; made when first written to.", .defaulted(".")),
        Option(
          "rules", .text("FILE"),
          "The faults on the network that are on; read when the node starts, and at SIGURG.",
          .optional),
        Option("name", .text("NAME"), "What the run calls this node.", .defaulted(role.fullName)),
        seedOption("Fixes the node's random choices; random if absent."),
      ] + role.options.map(option))
  }

  private static func option(for specification: OptionSpecification) -> Option {
    let kind: ValueKind =
      switch specification.kind {
      case .duration: value("DURATION", specification)
      case .count: value("COUNT", specification)
      case .flag: .choice("FLAG", ["true", "false"])
      case .choice(let words): .choice("WORD", words)
      case .text: value("TEXT", specification)
      case .addresses: value("ADDRESSES", specification)
      }
    let initial = specification.initial.description
    return Option(
      specification.name, kind,
      specification.summary.prefix(1).uppercased()
        + specification.summary.dropFirst() + ".",
      initial.isEmpty ? .optional : .defaulted(initial))
  }

  private static func value(_ name: String, _ specification: OptionSpecification) -> ValueKind {
    var kind = ValueKind(name, allowed: specification.allowed) { specification.parse($0) != nil }
    kind.guess = { specification.kind.guess($0) }
    return kind
  }
}
