import Arguments
import Checks

/// What to do when not all is well: the commands that run the same again and look closer.
struct Hints {
  private let arguments: ParsedArguments

  init(_ arguments: ParsedArguments) { self.arguments = arguments }

  /// Of a run that is recorded.
  func lines(
    _ judgements: [Judgement], by judge: borrowing Judge, run: Int64, again: [String]? = nil
  ) throws -> [String] {
    let again = again ?? ["seedbed", "rerun", "\(run)"] + places
    let closer = try judge.firstNode(of: judgements).map { ["logs", "\(run)", $0] }
    return [
      line(again: again),
      "to look closer: " + shellLine(["seedbed"] + (closer ?? ["show", "\(run)"]) + places),
    ]
  }

  func line(again: [String]) -> String { "to run it again: " + shellLine(again) }

  /// The command that simulates a topology as these arguments say, without the seed.
  func simulation(of topology: String) -> [String] {
    ["seedbed", "simulate", topology] + arguments.all("set").flatMap { ["--set", $0] }
      + arguments.all("networks").flatMap { ["--networks", $0] }
  }

  /// Where logs and history are, where that was said.
  var places: [String] { given("logs") + given("history") }

  private func given(_ option: String) -> [String] {
    arguments.has(option) ? ["--\(option)", arguments[option] ?? ""] : []
  }
}
