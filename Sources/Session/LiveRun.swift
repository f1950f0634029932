import Foundation
package import History
import Messages
package import Participants
package import Supervisor
import Topology

/// A run under way, found by its folder.
package struct LiveRun {
  /// How long a supervisor may take to say where its run is.
  private static let answerTime = Microseconds.seconds(2)

  package let folder: RunFolder
  /// The ID of the supervisor's process.
  package let supervisor: Int32

  /// The run's name, which is its folder's.
  package var name: String { folder.manifest.name }

  /// The runs under way in a folder of logs, the one launched first before the others.
  package static func all(in logs: String) -> [LiveRun] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: logs)) ?? []
    return names.sorted().compactMap { try? LiveRun(path: "\(logs)/\($0)") }
  }

  /// The one that a person names: `last`, its number, the beginning of its name, or its folder.
  ///
  /// - Throws: `UsageError` where that is none, or more than one.
  package static func named(_ reference: String, in places: RunPlaces) throws -> LiveRun {
    if reference.contains("/") {
      if let run = try LiveRun(path: reference) { return run }
      throw UsageError("\(reference): this run is not under way")
    }
    let live = all(in: places.logs)
    if reference == "last", let last = live.last { return last }
    let found = live.filter { $0.name.hasPrefix(reference) }
    if found.count == 1 { return found[0] }
    let recorded = try? ReadOnlyHistory(places.history, runNamed: reference).folder()
    if let recorded, let run = try? LiveRun(path: recorded) { return run }
    let names = live.map(\.name).joined(separator: ", ")
    throw UsageError(
      live.isEmpty
        ? "no run is under way in \(places.logs): 'seedbed run' starts one"
        : "'\(reference)' names \(found.count) of the runs under way in \(places.logs); "
          + "there are: \(names)")
  }

  /// `nil` where nobody listens.
  private init?(path: String) throws {
    guard let client = ControlClient(folder: path, within: Self.answerTime) else { return nil }
    supervisor = client.supervisor
    folder = try RunFolder(path)
  }

  /// Connects anew: a connection carries one request.
  ///
  /// - Throws: `UsageError` when it is not under way any more.
  package func connect(within limit: Microseconds) throws -> ControlClient {
    guard let client = ControlClient(folder: folder.path, within: limit) else {
      throw UsageError("\(name) is not under way any more")
    }
    return client
  }

  /// Where the run is; `nil` when its supervisor does not answer.
  package func status() -> Control.Status? {
    let client = try? connect(within: Self.answerTime)
    return try? client?.ask(Control.Request(.status)).status
  }
}

extension Duration {
  /// Whole microseconds.
  package var microseconds: Int64 {
    components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
  }
}
