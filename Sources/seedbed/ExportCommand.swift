import Archives
import Arguments
import FoundationEssentials
import Glibc
import History
import Messages
import NetworkFolders
import Session
import Supervisor
import Topology

/// `seedbed export`: a run to take along.
enum ExportCommand: SeedbedCommand {
  /// What an archive has besides the files of the run's folder.
  static let verdicts = "verdicts.json"
  static let facts = "export.json"

  static let command = Command(
    "export", "Pack a run into one file: logs, topology, plan, verdicts and build.",
    discussion: """
      A tar.gz with one folder, which has the run's name. The files that nodes made (NODE.data) stay \
      behind. 'seedbed import' takes it, on any machine, and gives the same rows.
      """,
    examples: [
      Example("seedbed export last", "Into RUN.tar.gz, here."),
      Example("seedbed export 3 --output /tmp/failed.tar.gz", "Run 3, elsewhere."),
    ],
    positionals: [
      Positional("RUN", "'last', its number, or the beginning of its name.")
    ],
    options: [
      Option("output", .text("FILE"), "The file to make. (default: RUN.tar.gz)"), .logs, .history,
    ])

  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let reference = try arguments.require("RUN")
    let number = try ReadOnlyHistory(arguments.history).run(named: reference)
    let folder = try RunFolder(ReadOnlyHistory(arguments.history, run: number).folder())
    guard !LiveRunFolder.isInUse(folder.path) else {
      throw UsageError("\(folder.manifest.name) is under way: export it when it has ended")
    }
    let name = folder.manifest.name
    let target = arguments["output"] ?? "\(name).tar.gz"
    guard unsafe access(target, F_OK) != 0 else {
      throw UsageError("\(target) is there already: choose another file with --output")
    }
    let verdicts = try History.verdicts(on: number, in: arguments.history)
    do {
      try pack(folder, verdicts: verdicts, into: target)
    } catch {
      unsafe unlink(target)
      throw error
    }
    Terminal.say("\(target): run \(name)\n")
    return .success
  }

  private static func pack(
    _ folder: RunFolder, verdicts: String, into target: String
  ) throws {
    let writer = try ArchiveWriter(target, folder: folder.manifest.name)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    for name in names.sorted() where ![Self.verdicts, facts].contains(name) {
      let path = "\(folder.path)/\(name)"
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      guard attributes[.type] as? FileAttributeType == .typeRegular else { continue }
      try writer.add(file: path, as: name)
    }
    let network = NetworkFolder(RunFolder.networkCopy(in: folder.path))
    for part in NetworkFolder.Part.allCases {
      for name in network.names(of: part) {
        let file = network.file(name, of: part)
        try writer.add(file: file, as: String(file.dropFirst(folder.path.count + 1)))
      }
    }
    try writer.add(Array(verdicts.utf8), as: Self.verdicts)
    var system = utsname()
    unsafe uname(&system)
    let machine = unsafe withUnsafeBytes(of: &system.machine) { unsafe text($0) }
    let release = unsafe withUnsafeBytes(of: &system.release) { unsafe text($0) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    let build = [
      "ran_with": folder.manifest.version, "exported_with": Version.current,
      "system": "Linux \(release) \(machine)",
    ]
    try writer.add(Array(try encoder.encode(build)), as: facts)
    try writer.finish()
  }

  private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
    unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}
