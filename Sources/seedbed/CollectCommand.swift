import Arguments
import History
import Messages
import Session
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
    var line = LiveLine()
    let ending = try collector.finish {
      total = total + $0
      line.show("\(counted(total.lines, "event")) collected")
    }
    line.clear()
    var output = StandardOutput()
    output.write(
      "run \(collector.run) (\(folder.manifest.name)): \(counted(total.lines, "new event"))"
        + (total.rejected == 0 ? "" : ", \(counted(total.rejected, "remark")) in rejected_lines")
        + "\n")
    for remark in ending.remarks { output.write("\(remark)\n") }
    try output.finish()
    // Of a run under way nobody has counted the lines yet.
    return ending.count.map(\.isComplete) ?? true ? .success : .error
  }
}
