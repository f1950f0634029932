import Arguments
import NetworkFolders

/// The options that several commands take.
extension Option {
  static let logs = Option(
    "logs", .text("DIR"), "The folder of the runs' logs.", .defaulted("logs"))
  static let history = Option(
    "history", .text("FILE"), "The history's file; without it, history.sqlite in the logs' folder.")
  static let run = Option(
    "run", .text("RUN"), "A run: 'last', its number, or the beginning of its name.",
    .defaulted("last"))
  static let set = Option(
    "set", .text("KEY=VALUE"),
    "Sets a key of the topology, e.g. groups.peer.count=50 or stop.at=30s.", .repeated)
  static let noChecks = Option.flag(
    "no-checks", "Do not judge the run; 'seedbed check' can, later.")
  static let networks = Option(
    "networks", .text("DIR"),
    "A folder of networks, looked into before 'networks' beside the topology, 'networks' here and the "
      + "one that came with Seedbed.", .repeated)
  static let boundTo = Option(
    "bound-to", .integer("PID", 1...Int64(Int32.max)),
    "End the run, as failed, when this process ends in whatever way.")
  static let seed = Option(
    "seed", .integer("N", 0...Int64.max),
    "What every random choice derives from; without it, a random one, which is printed.")
}

extension ParsedArguments {
  /// Where networks are looked for.
  var networks: NetworkFolders {
    get throws { try NetworkFolders(all("networks")) }
  }

  /// The folder of the runs' logs.
  var logs: String { self["logs"] ?? "logs" }

  /// The history's file.
  var history: String { self["history"] ?? "\(logs)/history.sqlite" }

  /// The seed given, or a random one below 2^31: short enough to be typed again.
  var seed: UInt64 {
    integer("seed").map { UInt64($0) } ?? UInt64.random(in: 0..<(1 << 31))
  }
}
