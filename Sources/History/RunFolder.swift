internal import Foundation
internal import Messages
package import Topology

/// The folder of one run's logs: `plan.json`, `supervisor.ndjson` and one `NODE.ndjson` per node.
package struct RunFolder {
  package let path: String
  package let manifest: RunManifest
  /// The plan as it stands in `plan.json`.
  let planText: String

  /// Reads the folder's `plan.json`.
  ///
  /// - Throws: ``HistoryError`` where it is no run's folder, or of a newer seedbed.
  package init(_ path: String) throws {
    self.path = URL(filePath: path, directoryHint: .isDirectory).standardizedFileURL.path
    let file = "\(path)/\(RunFiles.plan)"
    let bytes: Data
    do {
      bytes = try Data(contentsOf: URL(filePath: file))
    } catch {
      let isFolder = (try? URL(filePath: path).checkResourceIsReachable()) ?? false
      throw HistoryError(
        isFolder
          ? "\(path): this is not a run's folder: its \(RunFiles.plan) cannot be read (\(Self.cause(error)))"
          : "\(path): there is no such folder: give the folder of one run, e.g. logs/RUN")
    }
    struct Versioned: Decodable {
      struct Plan: Decodable { var version: Int }
      var plan: Plan
    }
    do {
      let version = try JSONDecoder().decode(Versioned.self, from: bytes).plan.version
      guard version <= Plan.currentVersion else {
        throw HistoryError(
          "\(file): this plan has version \(version), and this seedbed reads up to "
            + "\(Plan.currentVersion): use the seedbed that made the run, or a newer one")
      }
      manifest = try JSONDecoder().decode(RunManifest.self, from: bytes)
    } catch let error as DecodingError {
      throw HistoryError("\(file): not a run's plan: \(Self.cause(error))")
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    planText = String(decoding: try encoder.encode(manifest.plan), as: UTF8.self)
  }

  private static func cause(_ error: any Error) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, _): "it has no '\(key.stringValue)'"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
      "'\(context.codingPath.map(\.stringValue).joined(separator: "."))' has the wrong type"
    case DecodingError.dataCorrupted(let context): context.debugDescription
    case let error as CocoaError:
      (error.underlying as? POSIXError).map { systemMessage($0.code.rawValue) }
        ?? error.localizedDescription
    default: error.localizedDescription
    }
  }
}
