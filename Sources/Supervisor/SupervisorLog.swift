import Glibc
import Participants

/// `supervisor.ndjson`, written in the format of every node's log.
struct SupervisorLog {
  private let file: Descriptor
  private var sequence: UInt64 = 0
  private var pending: [UInt8] = []

  init(_ path: String) throws(SupervisorError) {
    guard let file = Descriptor(opening: path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND) else {
      throw SupervisorError("cannot write \(path): \(SupervisorError.text(of: errno))")
    }
    self.file = file
    // Whoever reads the folder can tell by the lock whether the supervisor is there.
    flock(file.number, LOCK_EX)
  }

  /// The run is over, though this process lives on.
  func release() { flock(file.number, LOCK_UN) }

  mutating func append(_ event: Event, at now: Instant) {
    sequence += 1
    event.appendLine(time: now, sequence: sequence, to: &pending)
  }

  /// Hands everything to the system: it is kept even if the supervisor dies next. Returns the errno
  /// where that fails; the rest is tried again with the next flush.
  mutating func flush() -> CInt? {
    while !pending.isEmpty {
      let count = file.write(pending[...])
      guard count >= 0 else { return CInt(-count) }
      pending.removeFirst(count)
    }
    return nil
  }
}
