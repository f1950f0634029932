import Arguments
import History
import Topology

/// `seedbed collect`: brings a run's logs into the history.
enum CollectCommand: SeedbedCommand {
  static let command = Command(
    "collect", "Bring the logs of a run's folder into the history.",
    discussion: """
      Every complete line is taken exactly once, however often this is run, wherever it is killed, \
      and whoever else collects. So it also repairs or rebuilds a history from the folders of its \
      runs. Only the verdicts of checks are not in a folder: 'seedbed check' gives them again.
      """,
    examples: [Example("seedbed collect logs/20261120-060000-gossip-0a1b", "One run.")],
    positionals: [Positional("DIR", "The run's folder, with its plan.json.")],
    options: [.logs, .history])

  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let folder = try RunFolder(arguments.require("DIR"))
    // Nobody is to find their events in a file that is damaged.
    try History.open(arguments.history).check()
    var collector = try Collector(folder: folder, history: arguments.history)
    var total = Collector.Progress()
    repeat {
      total = total + (try collector.step())
      show(total)
    } while !total.isUpToDate
    let (rest, incomplete) = try collector.finish()
    total = total + rest
    var output = StandardOutput()
    output.write(
      "\(clearLine)run \(collector.run) (\(folder.manifest.name)): \(counted(total.lines, "new event"))"
        + (total.rejected == 0 ? "" : ", \(counted(total.rejected, "remark")) in rejected_lines")
        + "\n")
    for line in incomplete {
      output.write(
        "\(line.node): \(counted(line.bytes, "byte")) of an incomplete line wait for its end\n")
    }
    try output.finish()
    return .success
  }

  private static var clearLine: String { Terminal.output.isTerminal ? "\r\u{1b}[K" : "" }

  /// On a terminal: how far it is.
  private static func show(_ total: Collector.Progress) {
    guard Terminal.output.isTerminal else { return }
    var output = StandardOutput()
    output.write("\(clearLine)\(counted(total.lines, "event")) collected")
    // What cannot be shown now is tried again, and reported, at the end.
    try? output.finish()
  }
}
