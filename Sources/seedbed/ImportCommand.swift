import Archives
import Arguments
import FoundationEssentials
import History
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
      atPath: arguments.logs, withIntermediateDirectories: true)
    let scratch = "\(arguments.logs)/.import-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: scratch) }

    let name = try ArchiveReader.unpack(file, into: scratch)
    let manifest = try RunFolder(scratch).manifest
    guard manifest.name == name else {
      throw UsageError("\(file): its folder is '\(name)', but its plan is of '\(manifest.name)'")
    }
    let folder = "\(arguments.logs)/\(name)"
    let known = History.exists(arguments.history) ? try History.runs(of: arguments.history) : []
    guard !FileManager.default.fileExists(atPath: folder),
      !known.contains(where: { $0.name == name })
    else {
      throw UsageError(
        "\(folder) is there already, or in the history: the run was imported, or ran here")
    }
    guard
      let verdicts = try? String(
        contentsOfFile: "\(scratch)/\(ExportCommand.verdicts)", encoding: .utf8)
    else {
      throw UsageError("\(file): it has no readable \(ExportCommand.verdicts)")
    }
    try FileManager.default.moveItem(atPath: scratch, toPath: folder)
    var collector = try Collector(folder: RunFolder(folder), history: arguments.history)
    _ = try collector.finish()
    do {
      try History.restore(verdicts: verdicts, on: collector.run, in: arguments.history)
    } catch let error as DatabaseError {
      try History.remove(runs: [collector.run], from: arguments.history)
      try FileManager.default.removeItem(atPath: folder)
      throw UsageError("\(file): its \(ExportCommand.verdicts): \(error.message)")
    }
    Terminal.say("run \(collector.run) in \(arguments.history): \(name)\n")
    return .success
  }
}
