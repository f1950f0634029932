import Foundation
import Glibc
import History
import Supervisor
import Topology

/// Something in a folder of logs that is no run and never will be: what a command that was killed at
/// the wrong moment has left.
struct Leftover {
  let path: String
  /// Why it is none, in words.
  let why: String

  /// How long a file that is no run's folder stays: somebody may be at work on it.
  private static let patience: TimeInterval = 86_400

  /// Those that are at least so old, in seconds, and that nobody works on.
  ///
  /// - Parameter runs: names of runs, which are none.
  static func all(in logs: String, olderThan age: Int64, except runs: [String]) -> [Leftover] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: logs)) ?? []
    return names.sorted().compactMap { name in
      guard !runs.contains(name) else { return nil }
      let path = "\(logs)/\(name)"
      guard let why = reason(name, path), self.age(of: path) >= TimeInterval(age) else {
        return nil
      }
      return Leftover(path: path, why: why)
    }
  }

  private static func reason(_ name: String, _ path: String) -> String? {
    // What 'run --wait' says, or 'import' unpacks, until it has a run's folder.
    if name.wholeMatch(of: /\.(run-|import-)?[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}/) != nil {
      return age(of: path) >= patience ? "its command never came to its end" : nil
    }
    // YYYYMMDD-HHMMSS-NETWORK-xxxx
    guard name.wholeMatch(of: /\d{8}-\d{6}-[a-z][a-z0-9-]*-[0-9a-f]{4}/) != nil,
      !LiveRunFolder.isInUse(path)
    else { return nil }
    // A plan that this seedbed cannot read, a newer one may.
    guard let plan = FileManager.default.contents(atPath: "\(path)/\(RunFiles.plan)") else {
      return "no run: it has no \(RunFiles.plan)"
    }
    guard (try? JSONSerialization.jsonObject(with: plan)) != nil else {
      return "no run: its \(RunFiles.plan) is cut short"
    }
    let files = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    let hasLog = files.contains { file in
      file.hasSuffix(RunFiles.logSuffix) && size(of: "\(path)/\(file)") > 0
    }
    return hasLog ? nil : "nothing was logged: the run never started"
  }

  private static func size(of file: String) -> Int {
    let attributes = try? FileManager.default.attributesOfItem(atPath: file)
    return attributes?[.size] as? Int ?? 0
  }

  private static func age(of path: String) -> TimeInterval {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return -(attributes?[.modificationDate] as? Date ?? Date()).timeIntervalSinceNow
  }
}
