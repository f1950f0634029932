package import Checks

/// What to do when not all is well: the commands that run the same again and look closer.
package struct Hints: Sendable {
  /// What tells a command where runs are, in words; empty where nobody need tell it.
  private let places: [String]
  /// What runs the same again, in words; `nil` for a run that the history has.
  private let again: [String]?

  package init(places: [String], again: [String]? = nil) {
    self.places = places
    self.again = again
  }

  /// Of a run that is recorded.
  ///
  /// - Throws: when the history cannot be read.
  package func lines(
    _ judgements: [Judgement], by judge: borrowing Judge, run: Int64
  ) throws -> [String] {
    let closer = try judge.firstNode(of: judgements).map { ["logs", "\(run)", $0] }
    return lines(run: run) + [
      "to look closer: " + shellLine(["seedbed"] + (closer ?? ["show", "\(run)"]) + places)
    ]
  }

  /// Of a run that is not kept.
  func lines(run: Int64) -> [String] {
    ["to run it again: " + shellLine(again ?? ["seedbed", "rerun", "\(run)"] + places)]
  }
}
