import Glibc
import Messages
package import Participants
import Topology

/// Writes a simulation's events where real nodes write theirs: a file for each node and the
/// supervisor in the run's folder. So the same collector takes them.
package final class LogFiles: EventSink {
  /// Lines are held until this many bytes have gathered, in all.
  private static let bufferLimit = 16 * 1_024 * 1_024

  private let folder: String
  private var buffers: [String: [UInt8]] = [:]
  private var size = 0
  /// The first error: nothing is written after it.
  private(set) package var failure: String?

  package init(folder: String) {
    self.folder = folder
  }

  package func take(_ event: Event, line: [UInt8], of node: String, at: Instant) {
    buffers[node, default: []] += line
    size += line.count
    if size >= Self.bufferLimit { flush() }
  }

  /// Writes what has gathered.
  package func flush() {
    for (node, lines) in buffers where failure == nil {
      write(lines, to: "\(folder)/\(RunFiles.log(of: node))")
    }
    buffers.removeAll(keepingCapacity: true)
    size = 0
  }

  private func write(_ lines: [UInt8], to path: String) {
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { return fail(path) }
    defer { close(descriptor) }
    var written = 0
    while written < lines.count {
      let count = unsafe lines.withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return fail(path) }
      written += count
    }
  }

  private func fail(_ path: String) {
    failure = "cannot write \(path): \(systemMessage(errno))"
  }
}
