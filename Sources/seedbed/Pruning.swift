import Arguments
import Foundation
import History
import Participants
import Supervisor
import Topology

/// `seedbed runs --prune`: which runs go, and their removal.
struct Pruning {
  static let options: [Option] = [
    .flag("prune", "Show which runs would be removed, by --keep or --older-than; see --apply."),
    Option("keep", .integer("N", 0...1_000_000), "With --prune: all but the last N runs go.")
      .with("prune"),
    Option(
      "older-than", .duration(Microseconds.seconds(0)...Microseconds.seconds(10 * 365 * 86_400)),
      "With --prune: only runs launched so long ago go, e.g. 168h."
    ).with("prune"),
    .flag("apply", "With --prune: remove them, logs and rows, for good.").with("prune"),
  ]

  private let arguments: ParsedArguments

  init(_ arguments: ParsedArguments) throws {
    self.arguments = arguments
    guard arguments.has("keep") || arguments.has("older-than") else {
      throw UsageError(
        "--prune needs a rule: --keep N, --older-than DURATION or both", command: "seedbed runs")
    }
  }

  /// Shows what goes, and removes it if told so.
  func run() throws -> ExitCode {
    let age = (arguments.duration("older-than")?.count ?? 0) / 1_000_000
    let hasHistory = History.exists(arguments.history)
    let all = hasHistory ? try History.runs(of: arguments.history) : []
    let kept = Set(all.prefix(Int(arguments.integer("keep") ?? 0)).map(\.run))
    let chosen =
      hasHistory
      ? try History.runs(of: arguments.history, olderThan: age).filter { !kept.contains($0.run) }
      : []
    let live = chosen.filter { LiveRunFolder.isInUse($0.folder) }
    let going = chosen.filter { run in !live.contains { $0.run == run.run } }
    let lost = going.filter { folder(of: $0) == nil }.map(\.run)
    let leftovers = Leftover.all(
      in: arguments.logs, olderThan: age,
      except: all.filter { !lost.contains($0.run) }.map(\.name))
    var output = StandardOutput()
    for run in live { output.write("run \(run.run) (\(run.name)): under way, stays\n") }
    var bytes = 0
    for run in going.reversed() {
      let size = folder(of: run).map(Self.size)
      bytes += size ?? 0
      output.write(
        "run \(run.run) (\(run.name)): "
          + (size.map { "\(Self.megabytes($0)) in \(run.folder)\n" }
            ?? "its folder is gone, or no run's\n"))
    }
    for leftover in leftovers {
      bytes += Self.size(of: leftover.path)
      output.write("\(leftover.path): \(leftover.why)\n")
    }
    let sum =
      counted(going.count, "run")
      + (leftovers.isEmpty ? "" : " and \(counted(leftovers.count, "leftover"))")
      + ", \(Self.megabytes(bytes))"
    guard arguments.has("apply") else {
      output.write("would remove \(sum): add --apply\n")
      try output.finish()
      return .success
    }
    // First the folders: a run without one is still listed, and goes the next time.
    for run in going {
      if let folder = folder(of: run) { try FileManager.default.removeItem(atPath: folder) }
    }
    for leftover in leftovers { try FileManager.default.removeItem(atPath: leftover.path) }
    if !going.isEmpty { try History.remove(runs: going.map(\.run), from: arguments.history) }
    output.write("removed \(sum)\n")
    try output.finish()
    return .success
  }

  /// The run's folder, if it is there and the run's indeed.
  private func folder(of run: StoredRun) -> String? {
    guard let folder = try? RunFolder(run.folder), folder.manifest.name == run.name else {
      return nil
    }
    return folder.path
  }

  private static func size(of folder: String) -> Int {
    let files = FileManager.default.enumerator(atPath: folder)
    var size = 0
    while files?.nextObject() != nil {
      size += files?.fileAttributes?[.size] as? Int ?? 0
    }
    return size
  }

  private static func megabytes(_ bytes: Int) -> String {
    String(format: "%.1f MB", Double(bytes) / 1e6)
  }
}
