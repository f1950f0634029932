internal import Glibc
internal import Messages
internal import Topology

/// The logs in a run's folder, looked at by name.
///
/// No descriptor is kept for a log: a look at a file's size costs a microsecond either way, thousands
/// of nodes need no raised limit, and a log that vanishes is noticed.
struct LogFolder: ~Copyable {
  private let path: String
  private let descriptor: CInt
  private var listedAt: Int64 = 0
  private var changedAt: Int64 = -1

  /// How long after a change a folder is listed again, in nanoseconds: its time of change is as
  /// coarse as the system's tick, so a file may appear after a listing without changing it.
  private static let tick: Int64 = 1_000_000_000

  init(_ path: String) throws(HistoryError) {
    self.path = path
    descriptor = unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw HistoryError("\(path): \(systemMessage(errno))") }
  }

  deinit {
    close(descriptor)
  }

  /// The names of the logs and outputs, in order; `nil` when the folder has not changed since the last call.
  mutating func listIfChanged() throws(HistoryError) -> [String]? {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw HistoryError("\(path): \(systemMessage(errno))")
    }
    let changed = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    guard changed != changedAt || changed > listedAt - Self.tick else { return nil }
    changedAt = changed
    var now = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &now)
    listedAt = Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
    guard let stream = unsafe opendir(path) else {
      throw HistoryError("\(path): \(systemMessage(errno))")
    }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { start in
        unsafe start.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name.hasSuffix(RunFiles.logSuffix) || name.hasSuffix(RunFiles.outputSuffix) {
        names.append(name)
      }
    }
    return names.sorted()
  }

  /// A log's size in bytes; `nil` when it is not there.
  func size(of name: String) throws(HistoryError) -> Int64? {
    var status = stat()
    if unsafe fstatat(descriptor, name, &status, 0) == 0 { return Int64(status.st_size) }
    guard errno == ENOENT else { throw HistoryError("\(path)/\(name): \(systemMessage(errno))") }
    return nil
  }

  /// Whether somebody holds a lock on a file: the supervisor of a run does on its log.
  func isHeld(_ name: String) throws(HistoryError) -> Bool {
    guard let file = try open(name) else { return false }
    return file.isHeld
  }

  /// Opens a log for reading; `nil` when it is not there.
  func open(_ name: String) throws(HistoryError) -> LogFile? {
    let opened = unsafe openat(descriptor, name, O_RDONLY | O_CLOEXEC)
    if opened >= 0 { return LogFile(descriptor: opened, path: "\(path)/\(name)") }
    guard errno == ENOENT else { throw HistoryError("\(path)/\(name): \(systemMessage(errno))") }
    return nil
  }
}

/// A log that is open for reading.
struct LogFile: ~Copyable {
  private let descriptor: CInt
  private let path: String

  fileprivate init(descriptor: CInt, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  deinit {
    close(descriptor)
  }

  fileprivate var isHeld: Bool { flock(descriptor, LOCK_SH | LOCK_NB) != 0 }

  /// Reads from `offset` into `buffer`; gives the number of bytes, 0 at the end.
  func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(HistoryError)
    -> Int
  {
    while true {
      let count = unsafe pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
      if count >= 0 { return count }
      guard errno == EINTR else { throw HistoryError("\(path): \(systemMessage(errno))") }
    }
  }
}
