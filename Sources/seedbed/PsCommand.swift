import Arguments
import Clock
import History
import Messages
import Participants
import Session
import Supervisor
import Topology

/// `seedbed ps`: what is going on.
enum PsCommand: SeedbedCommand {
  static let command = Command(
    "ps", "List the runs under way.",
    discussion: """
      Those whose folders are in the logs' folder, with how many of their nodes have a process \
      (up), have said that they are ready, and have ended (down). A run whose supervisor is stopped \
      has the phase 'silent'.
      """,
    examples: [
      Example("seedbed ps", "In the folder 'logs'."),
      Example("seedbed ps --format json --logs /tmp/logs", "For programs; elsewhere."),
    ],
    options: [.format, .logs, .history])

  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    AbandonedRun.settleAll(in: arguments.places)
    let columns = [
      "name", "topology", "seed", "phase", "nodes", "up", "ready", "down", "faults", "age_s",
    ]
    var writer = ResultWriter(
      arguments.format, columns: columns, to: StandardOutput(), look: .output)
    for run in LiveRun.all(in: arguments.places.logs) {
      let manifest = run.folder.manifest
      let status = run.status()
      let age = (Instant.now - Instant(microseconds: manifest.launched.count)).count / 100_000
      writer.add(
        [
          .text(manifest.name), .text(manifest.topology),
          .integer(Int64(bitPattern: manifest.plan.seed)), .text(status?.phase ?? "silent"),
          .integer(Int64(status?.nodes ?? manifest.plan.nodes.count)), .count(status?.up),
          .count(status?.ready), .count(status?.down),
          .text(status.map { "\($0.faultsDone)/\($0.faults)" } ?? ""), .real(Double(age) / 10),
        ])
    }
    try writer.finish().finish()
    return .success
  }
}

extension SQLValue {
  fileprivate static func count(_ number: Int?) -> SQLValue {
    number.map { .integer(Int64($0)) } ?? .null
  }
}
