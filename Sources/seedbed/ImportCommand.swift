import Archives
import Arguments
import FoundationEssentials
import History
import Messages
import Session
import Topology

/// `seedbed import`: a run that was exported, as if it had run here.
enum ImportCommand: SeedbedCommand {
  static let command = Command(
    "import", "Take a run that 'export' packed into the history.",
    discussion: """
      The run gets a folder of its name in the logs' folder, its rows, and the verdicts that it had \
      where it came from. An archive that is no export is refused: with paths, links, two files of one \
      name, or more than 8 GiB in it. Nothing of it is left, then.
      """,
    examples: [Example("seedbed import failed.tar.gz && seedbed show last", "Look at it.")],
    positionals: [Positional("FILE", "The archive.")],
    options: [.logs, .history])

  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let file = try arguments.require("FILE")
    try FileManager.default.createDirectory(
      atPath: arguments.places.logs, withIntermediateDirectories: true)
    let scratch = "\(arguments.places.logs)/.import-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: scratch) }

    let name = try ArchiveReader.unpack(file, into: scratch)
    let manifest = try RunFolder(scratch).manifest
    guard manifest.name == name else {
      throw UsageError("\(file): its folder is '\(name)', but its plan is of '\(manifest.name)'")
    }
    guard
      let verdicts = try? String(
        contentsOfFile: "\(scratch)/\(ExportCommand.verdicts)", encoding: .utf8)
    else {
      throw UsageError("\(file): it has no readable \(ExportCommand.verdicts)")
    }
    let folder = "\(arguments.places.logs)/\(name)"
    try checkPlace(folder, of: name, arguments)
    try History.open(arguments.history).checkIfSmall()
    try FileManager.default.moveItem(atPath: scratch, toPath: folder)
    do {
      let run = try record(folder, verdicts: verdicts, of: file, in: arguments.history)
      Terminal.say("run \(run) in \(arguments.history): \(name)\n")
      return .success
    } catch {
      try? FileManager.default.removeItem(atPath: folder)
      throw error
    }
  }

  /// Makes sure that nothing of this name is there.
  private static func checkPlace(
    _ folder: String, of name: String, _ arguments: ParsedArguments
  ) throws {
    let known = History.exists(arguments.history) ? try History.runs(of: arguments.history) : []
    if known.contains(where: { $0.name == name }) {
      throw UsageError(
        "\(folder) is there already, or in the history: the run was imported, or ran here")
    }
    guard !FileManager.default.fileExists(atPath: folder) else {
      throw UsageError(
        "\(folder) is there already, and not in the history: 'seedbed collect \(folder)' records it, "
          + "or remove it and import again")
    }
  }

  /// Brings the run into the history, or leaves nothing of it there. Returns its number.
  private static func record(
    _ folder: String, verdicts: String, of file: String, in history: String
  ) throws -> Int64 {
    var collector = try Collector(folder: RunFolder(folder), history: history)
    do {
      _ = try collector.finish()
      try History.restore(verdicts: verdicts, on: collector.run, in: history)
      return collector.run
    } catch {
      try? History.remove(runs: [collector.run], from: history)
      guard let error = error as? DatabaseError, error.isBadSQL || error.isConstraint else {
        throw error
      }
      throw UsageError("\(file): its \(ExportCommand.verdicts): \(error.message)")
    }
  }
}
