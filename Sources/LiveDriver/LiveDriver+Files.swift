import CUV
import Glibc
import Participants

extension LiveDriver {
  /// Hands a result over in the loop's next turn: a participant that reads a large file piece by
  /// piece still hears of its connections between two pieces.
  func complete(_ token: FileToken, _ result: FileResult) {
    guard !isStopping else { return }
    fileResults.append(.file(token, result))
    if unsafe fileTurns == nil {
      let handle = UnsafeMutablePointer<uv_idle_t>.allocate(capacity: 1)
      unsafe uv_idle_init(loop, handle)
      unsafe fileTurns = handle
    }
    unsafe uv_idle_start(fileTurns) { handle in
      unsafe LiveDriver.of(handle?.pointee.loop)?.deliverFileResults()
    }
  }

  private func deliverFileResults() {
    unsafe uv_idle_stop(fileTurns)
    let results = fileResults
    fileResults = []
    for result in results { deliver(result) }
  }
}

/// The folder that holds a node's files. It is made when something is first written.
///
/// Files are read and written while the node waits: what was read lately or is written goes through
/// the system's memory, at the cost of a copy.
final class FileFolder {
  /// Files that are kept open. The one that was opened first is closed for one more.
  private static let mostOpen = 8

  private let path: String
  private var open: [(name: FileName, descriptor: CInt)] = []

  init(_ path: String) { self.path = path }

  deinit {
    for file in open { close(file.descriptor) }
  }

  func read(_ name: FileName, at offset: Int64, count: Int) -> FileResult {
    guard let descriptor = descriptor(of: name, making: false) else { return Self.failure() }
    guard offset >= 0, count >= 0 else { return .failed("a place that no file has") }
    var problem: CInt = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
      while done < count {
        let got = unsafe pread(
          descriptor, buffer.baseAddress?.advanced(by: done), count - done, off_t(offset) + done)
        if got < 0, errno == EINTR { continue }
        if got < 0 { problem = errno }
        guard got > 0 else { break }
        done += got
      }
    }
    return problem == 0 ? .read(bytes) : .failed(NodeFailure.describe(problem))
  }

  func write(_ bytes: [UInt8], to name: FileName, at offset: Int64) -> FileResult {
    guard let descriptor = descriptor(of: name, making: true) else { return Self.failure() }
    guard offset >= 0 else { return .failed("a place that no file has") }
    var done = 0
    while done < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe pwrite(
          descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done,
          off_t(offset) + done)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return Self.failure() }
      done += count
    }
    return .written
  }

  /// From the system's last error.
  private static func failure() -> FileResult {
    errno == ENOENT ? .missing : .failed(NodeFailure.describe(errno))
  }

  private func descriptor(of name: FileName, making: Bool) -> CInt? {
    if let file = open.first(where: { $0.name == name }) { return file.descriptor }
    // The folder may be absent until something is written.
    if making, unsafe mkdir(path, 0o777) != 0, errno != EEXIST { return nil }
    let file = "\(path)/\(name)"
    // A link could lead anywhere; a pipe would stop the node.
    let flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
    var descriptor = unsafe Glibc.open(file, O_RDWR | (making ? O_CREAT : 0) | flags, 0o666)
    if descriptor < 0, errno == EACCES, !making {
      descriptor = unsafe Glibc.open(file, O_RDONLY | flags)
    }
    guard descriptor >= 0 else { return nil }
    if open.count == Self.mostOpen { close(open.removeFirst().descriptor) }
    open.append((name, descriptor))
    return descriptor
  }
}
