import Foundation
import History
import Messages
package import Participants
import Supervisor
import Topology

/// Which runs go, by a rule, and their removal.
package struct Pruning {
  private let places: RunPlaces
  /// Those that the rule names and that are under way: they stay.
  private let live: [StoredRun]
  /// The last before the others.
  private let going: [StoredRun]
  private let leftovers: [Leftover]

  /// Finds what goes; removes nothing.
  ///
  /// - Parameters:
  ///   - kept: how many of the last runs stay.
  ///   - age: only runs launched so long ago go.
  /// - Throws: when the history cannot be read.
  package init(in places: RunPlaces, keeping kept: Int, olderThan age: Microseconds) throws {
    self.places = places
    let seconds = age.count / 1_000_000
    let hasHistory = History.exists(places.history)
    let all = hasHistory ? try History.runs(of: places.history) : []
    let kept = Set(all.prefix(kept).map(\.run))
    let chosen =
      hasHistory
      ? try History.runs(of: places.history, olderThan: seconds).filter { !kept.contains($0.run) }
      : []
    let live = chosen.filter { LiveRunFolder.isInUse($0.folder) }
    let going = chosen.filter { run in !live.contains { $0.run == run.run } }
    let lost = going.filter { Self.folder(of: $0) == nil }.map(\.run)
    self.live = live
    self.going = going
    leftovers = Leftover.all(
      in: places.logs, olderThan: seconds,
      except: all.filter { !lost.contains($0.run) }.map(\.name))
  }

  /// What stays although the rule names it, and what goes: a line each, and the sum of what goes.
  package func words() -> (lines: [String], sum: String) {
    var lines = live.map { "run \($0.run) (\($0.name)): under way, stays" }
    var bytes = 0
    for run in going.reversed() {
      let size = Self.folder(of: run).map(Self.size)
      bytes += size ?? 0
      lines.append(
        "run \(run.run) (\(run.name)): "
          + (size.map { "\(Self.megabytes($0)) in \(run.folder)" }
            ?? "its folder is gone, or no run's"))
    }
    for leftover in leftovers {
      bytes += Self.size(of: leftover.path)
      lines.append("\(leftover.path): \(leftover.why)")
    }
    let sum =
      counted(going.count, "run")
      + (leftovers.isEmpty ? "" : " and \(counted(leftovers.count, "leftover"))")
      + ", \(Self.megabytes(bytes))"
    return (lines, sum)
  }

  /// Removes what goes, logs and rows.
  ///
  /// - Throws: when a folder or the history cannot be changed; what was removed by then is gone.
  package func apply() throws {
    // First the folders: a run without one is still listed, and goes the next time.
    for run in going {
      if let folder = Self.folder(of: run) { try FileManager.default.removeItem(atPath: folder) }
    }
    for leftover in leftovers { try FileManager.default.removeItem(atPath: leftover.path) }
    if !going.isEmpty { try History.remove(runs: going.map(\.run), from: places.history) }
  }

  /// The run's folder, if it is there and the run's indeed.
  private static func folder(of run: StoredRun) -> String? {
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
