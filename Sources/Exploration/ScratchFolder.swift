import Foundation
import Messages

/// A folder for what is looked at and not kept, in memory where the system offers that. It goes with
/// the last that refers to it.
package final class ScratchFolder: Sendable {
  package let path: String

  /// Makes the folder.
  ///
  /// - Throws: the system's refusal.
  package init() throws {
    let shared = "/dev/shm"
    let parent =
      FileManager.default.isWritableFile(atPath: shared) ? shared : NSTemporaryDirectory()
    path = "\(parent)/seedbed-\(ProcessInfo.processInfo.processIdentifier)-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Where a history for once can be.
  package var history: String { "\(path)/history.sqlite" }
}
