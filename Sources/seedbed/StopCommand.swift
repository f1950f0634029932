import Arguments
import Messages
import Participants
import Session
import Supervisor

/// `seedbed stop`: the end of a run under way, before its time.
enum StopCommand: SeedbedCommand {
  static let command = Command(
    "stop", "Let a run under way come to its stop now, and wait until it is judged.",
    discussion: """
      The nodes are told to end as if the topology's stop had come. The command ends when the run \
      was recorded and judged; 'seedbed check' shows the verdicts.

      Exit codes: 0 the run was completed; 1 it failed; 2 it had not begun, was interrupted, or did \
      not end in time.
      """,
    examples: [Example("seedbed stop last && seedbed check last", "End a run and judge it.")],
    positionals: [.liveRun], options: [.timeout("2m"), .logs, .history])

  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let run = try LiveRun.named(arguments.require("RUN"), in: arguments.places)
    let client = try run.connect(within: arguments.timeout)
    let answer = try client.ask(Control.Request(.stop))
    if let refusal = answer.refusal { throw UsageError(refusal) }
    try client.waitForEnd()
    let outcome = SupervisorCore.Conclusion.Outcome(rawValue: answer.outcome ?? "")
    let reason = answer.reason.map { $0.isEmpty ? "" : ": \($0)" } ?? ""
    Terminal.say("\(run.name): \(answer.outcome ?? "ended")\(reason)\n")
    switch outcome {
    case .completed: return .success
    case .interrupted: return .inconclusive
    case .failed, nil: return .failed
    }
  }
}
