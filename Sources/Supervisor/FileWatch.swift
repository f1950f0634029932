import Glibc
import Messages

/// Says when files are written to: inotify(7).
struct FileWatch {
  /// What was written to: the watch's number for a file or folder, and of a file in a folder its name.
  typealias Change = (number: CInt, name: String)

  /// As many bytes of changes are taken at once.
  private static let size = 65_536

  let descriptor: Descriptor

  /// `nil` where the system has no more watches to give (`fs.inotify`).
  ///
  /// - Parameter purpose: what a failure says that it was for.
  /// - Throws: any other reason.
  init?(for purpose: String) throws(SupervisorError) {
    let result = inotify_init1(CInt(IN_CLOEXEC) | CInt(IN_NONBLOCK))
    let failed = errno
    if result < 0, failed == EMFILE { return nil }
    descriptor = try .taking(result < 0 ? -failed : result, for: purpose)
  }

  /// Watches a file, or all files in a folder.
  ///
  /// - Returns: its number in what changes; `nil` where the system has no more to give.
  /// - Throws: any other reason.
  func add(_ path: String) throws(SupervisorError) -> CInt? {
    let number = unsafe inotify_add_watch(descriptor.number, path, UInt32(IN_MODIFY))
    let failed = errno
    if number >= 0 { return number }
    if failed == ENOSPC { return nil }
    throw SupervisorError(
      "cannot watch \(path): \(SupervisorError.text(of: failed))", exitCode: .error)
  }

  /// Takes what has changed, after the descriptor became readable.
  ///
  /// - Returns: `nil` for anything at all, where the system has lost changes; and whether there is no
  ///   more.
  func take() -> (changes: [Change]?, isAll: Bool) {
    let bytes = descriptor.read(atMost: Self.size)
    let isAll = bytes.count < Self.size
    var changes: [Change] = []
    // struct inotify_event: wd, mask, cookie and the name's length, 4 bytes each, then the name,
    // filled up with zeros.
    var start = 0
    func word(_ index: Int) -> UInt32 {
      bytes[(start + 4 * index)..<(start + 4 * index + 4)].reversed().reduce(0) {
        $0 << 8 | UInt32($1)
      }
    }
    while start + 16 <= bytes.count {
      if word(1) & UInt32(IN_Q_OVERFLOW) != 0 { return (nil, isAll) }
      let name = bytes[(start + 16)...].prefix(Int(word(3)))
      changes.append(
        (CInt(bitPattern: word(0)), String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)))
      start += 16 + name.count
    }
    return (changes, isAll)
  }
}
