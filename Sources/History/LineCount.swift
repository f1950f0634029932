internal import Messages

/// The lines that a run's logs hold against the rows that the history has of them.
package struct LineCount: Sendable, Equatable {
  package var inLogs = 0
  package var events = 0
  /// Lines that are no events, and are in `rejected_lines`.
  package var refused = 0

  /// Whether each line is a row, once.
  package var isComplete: Bool { inLogs == events + refused }

  package init() {}
}

extension Collector.Ending {
  /// What people must know of it, a line each; empty when every line is a row.
  package var remarks: [String] {
    var remarks = incomplete.map {
      "\($0.node): \(counted($0.bytes, "byte")) of an incomplete line wait for its end"
    }
    if let count, !count.isComplete {
      remarks.append(
        "the logs hold \(counted(count.inLogs, "line")), and the history has "
          + "\(counted(count.events, "event")) and \(counted(count.refused, "refused line")) of this "
          + "run: it cannot be judged")
    }
    return remarks
  }

  /// Whether every line of the logs was counted and is a row.
  package var isComplete: Bool { count?.isComplete ?? false }
}

/// What a row of `rejected_lines` means for its line.
enum RejectedLine: String, CaseIterable {
  /// It is no event.
  case refused
  /// It is no event either, because its writer ended in the middle of it.
  case torn
  /// It is an event, and lines before it are missing.
  case gap
  /// It is an event, and something about it is not as it should be.
  case remark
  /// There is no line: the log itself shrank or vanished.
  case log
}
