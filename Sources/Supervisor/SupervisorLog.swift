import CProcess
import Glibc
import Participants

/// `supervisor.ndjson`, written in the format of every node's log.
///
/// Room for how the run ends is set aside on the disk beyond the log's end, and more of it as the log
/// grows: a full disk is noticed when there is no more to set aside, and the run's end can be written
/// then.
struct SupervisorLog {
  /// The step in which room is set aside, in bytes.
  private static let step = 4_096

  private let file: Descriptor
  private var sequence: UInt64 = 0
  private var pending: [UInt8] = []
  private var size = 0
  /// How much room there is to be beyond the end, in bytes.
  private let reserve: Int
  /// How far room was set aside; `nil` where the disk's system cannot do that.
  private var reservedTo: Int? = 0

  /// - Parameter nodes: how many the run has: each has its lines in the end.
  init(_ path: String, nodes: Int) throws(SupervisorError) {
    guard let file = Descriptor(opening: path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND) else {
      throw SupervisorError("cannot write \(path): \(SupervisorError.text(of: errno))")
    }
    self.file = file
    reserve = 16 * Self.step + 256 * nodes
    // Whoever reads the folder can tell by the lock whether the supervisor is there.
    flock(file.number, LOCK_EX)
    if let failed = setRoomAside() {
      throw SupervisorError("cannot write \(path): \(SupervisorError.text(of: failed))")
    }
  }

  /// The run is over, though this process lives on: gives back what was set aside.
  func release() {
    ftruncate(file.number, off_t(size))
    flock(file.number, LOCK_UN)
  }

  mutating func append(_ event: Event, at now: Instant) {
    sequence += 1
    event.appendLine(time: now, sequence: sequence, to: &pending)
  }

  /// Hands everything to the system: it is kept even if the supervisor dies next. Returns the errno
  /// where that fails, or would soon; what was not written is tried again with the next flush.
  mutating func flush() -> CInt? {
    while !pending.isEmpty {
      let count = file.write(pending[...])
      guard count >= 0 else { return CInt(-count) }
      pending.removeFirst(count)
      size += count
    }
    return setRoomAside()
  }

  /// Sees whether the disk has more room: returns the errno where it has none.
  mutating func findRoom() -> CInt? { setRoomAside(upTo: (reservedTo ?? 0) + Self.step) }

  private mutating func setRoomAside() -> CInt? {
    setRoomAside(upTo: (size + reserve + Self.step - 1) / Self.step * Self.step)
  }

  private mutating func setRoomAside(upTo wanted: Int) -> CInt? {
    guard let reserved = reservedTo, wanted > reserved else { return nil }
    let failed = -cprocess_reserve(file.number, UInt64(reserved), UInt64(wanted - reserved))
    switch failed {
    case 0: reservedTo = wanted
    case ENOSPC, EDQUOT, EFBIG: return failed
    default: reservedTo = nil
    }
    return nil
  }
}
