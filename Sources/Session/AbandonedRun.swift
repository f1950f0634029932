import Foundation
import Glibc
import History
import Messages
import Supervisor

/// A run whose supervisor was killed at its work: the socket to speak to it is still there, and nobody
/// works on it.
package struct AbandonedRun {
  /// How long what ends with its supervisor may take to do so.
  private static let patience = Duration.seconds(2)

  /// The run's folder.
  private let path: String
  private var name: String { URL(filePath: path).lastPathComponent }
  private var socket: String { "\(path)/\(Control.fileName)" }

  private init?(_ path: String) {
    self.path = path
    guard unsafe access(socket, F_OK) == 0, !LiveRunFolder.isInUse(path) else { return nil }
  }

  /// Clears up after those among the logs, and says so. Done once for each, by the next command
  /// that runs or lists something.
  package static func settleAll(in places: RunPlaces) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: places.logs)) ?? []
    for name in names.sorted() {
      AbandonedRun("\(places.logs)/\(name)")?.settle(in: places.history)
    }
  }

  private func settle(in history: String) {
    let ended = endProcesses()
    let left =
      ended == 0
      ? "nothing of it is left"
      : "\(counted(ended, "process", plural: "processes")) that it had left behind "
        + "\(ended == 1 ? "was" : "were") killed"
    let folder: RunFolder
    do {
      folder = try RunFolder(path)
    } catch {
      // It never will be a run: said once.
      unsafe unlink(socket)
      return Terminal.complain(
        "the supervisor of run \(name) was killed: \(left); it can never be recorded (\(error)): "
          + "'seedbed runs --prune --keep 20' shows what can go")
    }
    do {
      var collector = try Collector(folder: folder, history: history)
      let ending = try collector.finish()
      let events = ending.progress.lines
      let recorded = events == 0 ? "all its events are" : "its last events (\(events)) are"
      Terminal.complain(
        "the supervisor of run \(name) was killed: \(left); "
          + "\(recorded) in \(history), as run \(collector.run)")
      for remark in ending.remarks { Terminal.complain("run \(name): \(remark)") }
      unsafe unlink(socket)
    } catch {
      Terminal.complain(
        "the supervisor of run \(name) was killed: \(left); its logs cannot be recorded: \(error)")
    }
  }

  /// Ends the processes that print into the run's folder. Nodes die with their supervisor, and
  /// namespaces with them; but a program may have started what got away from both.
  private func endProcesses() -> Int {
    let clock = ContinuousClock()
    let deadline = clock.now + Self.patience
    while !processes.isEmpty, clock.now < deadline { usleep(10_000) }
    let left = processes
    for process in left { kill(process, SIGKILL) }
    return left.count
  }

  private var processes: [pid_t] {
    let folder = URL(filePath: path).resolvingSymlinksInPath().path + "/"
    let files = FileManager.default
    let all = (try? files.contentsOfDirectory(atPath: "/proc")) ?? []
    return all.compactMap { pid_t($0) }.filter { process in
      [1, 2].contains { number in
        let target = try? files.destinationOfSymbolicLink(atPath: "/proc/\(process)/fd/\(number)")
        return target?.hasPrefix(folder) ?? false
      }
    }
  }
}
