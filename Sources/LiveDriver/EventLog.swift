import Glibc
package import Participants

/// A node's event log: lines are gathered in memory and written before the node blocks.
///
/// A log file that exists is continued: sequence numbers go on after its last whole line, and a torn
/// last line (its writer was killed, or the disk was full) is ended first.
package struct EventLog: ~Copyable {
  /// Lines gathered before they are written even if the node does not block.
  static let bufferLimit = 64 * 1024

  private let descriptor: CInt
  /// What messages call it.
  private let name: String
  private var buffer: [UInt8] = []
  private var sequence: UInt64 = 0

  /// Opens or continues the log at `path`; `nil` logs to standard output.
  package init(path: String?) throws(NodeFailure) {
    guard let path else {
      descriptor = STDOUT_FILENO
      name = "standard output"
      return
    }
    name = path
    descriptor = unsafe open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw NodeFailure("cannot open the log \(path): \(NodeFailure.describe(errno))")
    }
    resume()
  }

  deinit {
    if descriptor != STDOUT_FILENO { close(descriptor) }
  }

  /// Reads the end of the file for the last sequence number.
  private mutating func resume() {
    let size = lseek(descriptor, 0, SEEK_END)
    guard size > 0 else { return }
    let length = min(Int(size), 2 * Event.longestLine)
    var tail = [UInt8](repeating: 0, count: length)
    let got = unsafe tail.withUnsafeMutableBytes { bytes in
      unsafe pread(descriptor, bytes.baseAddress, length, size - off_t(length))
    }
    guard got == length else { return }
    let newline = UInt8(ascii: "\n")
    if tail.last != newline { buffer.append(newline) }
    // The last line may lack more than its newline.
    let lines = tail.split(separator: newline).reversed().lazy
    sequence = lines.compactMap { try? EventLine($0.span).sequence }.first.map { UInt64($0) } ?? 0
  }

  /// Adds a line.
  ///
  /// - Throws: when too much has gathered and cannot be written.
  package mutating func append(_ event: Event, at now: Instant) throws(NodeFailure) {
    sequence += 1
    event.appendLine(time: now, sequence: sequence, to: &buffer)
    if buffer.count >= Self.bufferLimit { try flush() }
  }

  /// Writes what was gathered. Whole lines go out in one call, so that a reader rarely sees half.
  package mutating func flush() throws(NodeFailure) {
    var written = 0
    while written < buffer.count {
      let count = unsafe buffer.withUnsafeBytes { bytes in
        unsafe write(descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written)
      }
      guard count >= 0 else {
        if errno == EINTR { continue }
        throw NodeFailure("cannot write the log \(name): \(NodeFailure.describe(errno))")
      }
      written += count
    }
    buffer.removeAll(keepingCapacity: true)
  }
}

/// Why a node cannot start or go on, in words for the person who started it.
package struct NodeFailure: Error, CustomStringConvertible {
  package let description: String
  /// Whether the person who started it is to name something else.
  package let isMisuse: Bool

  package init(_ description: String, isMisuse: Bool = false) {
    self.description = description
    self.isMisuse = isMisuse
  }

  /// The system's words for an error number.
  package static func describe(_ code: CInt) -> String {
    guard let text = unsafe strerror(code) else { return "error \(code)" }
    return unsafe String(cString: text)
  }
}
