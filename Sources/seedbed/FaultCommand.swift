import Arguments
import Messages
import Participants
import Session
import Supervisor
import Topology

/// `seedbed fault`: something done to a run under way.
enum FaultCommand: SeedbedCommand {
  static let command = Command(
    "fault", "Do something to the network of a run under way, now.",
    discussion: """
      The faults are those of a topology (docs/TOPOLOGY.md), with the same keys and values: ACTION is \
      the key, TARGET its value. They go into the run's ledger like those of its plan, and the checks \
      judge accordingly.

      The command ends when the fault was seen to have happened: the process is gone (kill, stop), \
      frozen (pause) or ready again (restart), or every living node that a partition, loss, latency or \
      bandwidth concerns goes by it. A churn is put on the schedule.

      Exit codes: 0 it happened; 1 the run ended before; 2 the supervisor did not say so in time; \
      64 it cannot be done, and why.
      """,
    examples: [
      Example("seedbed fault last kill peer-3", "One node."),
      Example("seedbed fault last pause peer-3 --for 4s", "Frozen for a while."),
      Example("seedbed fault last kill '{ group: peer, count: 2 }'", "Any two of a group."),
      Example(
        "seedbed fault last partition '{ between: peer-1, and: seed, one-way: true }' --for 5s",
        "On the network."),
      Example(
        "seedbed fault last churn '{ group: peer, every: 1s, down-for: 2s }' --for 10s",
        "Kills and restarts."),
    ],
    positionals: [
      .liveRun, Positional("ACTION", "What to do, e.g. kill, pause, restart or partition."),
      Positional("TARGET", "What to do it to: a node, or what a topology would say, in YAML."),
    ],
    options: [
      Option("for", .text("DURATION"), "How long it lasts, where it ends."),
      .timeout("2m"), .logs, .history,
    ])

  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let run = try LiveRun.named(arguments.require("RUN"), in: arguments.places)
    let client = try run.connect(within: arguments.timeout)
    let answer = try client.ask(
      Control.Request(
        .fault, action: arguments.require("ACTION"), target: arguments.require("TARGET"),
        lasting: arguments["for"]))
    if let refusal = answer.refusal { throw UsageError(refusal) }
    guard let faults = answer.faults else {
      throw SupervisorError(
        "the run ended before it was seen to happen (\(answer.outcome ?? "unknown"))",
        exitCode: .failed)
    }
    var output = StandardOutput()
    for fault in faults {
      output.write("\(RunDisplay.seconds(fault.at))s \(fault.action.rawValue) \(fault.subject)\n")
    }
    try output.finish()
    return .success
  }
}
