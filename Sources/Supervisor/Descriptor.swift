import Glibc
import Messages

/// A file descriptor that is closed exactly once.
final class Descriptor: Sendable {
  let number: CInt

  /// Takes over what a system call returned; `nil` when that is negative.
  init?(_ number: CInt) {
    guard number >= 0 else { return nil }
    self.number = number
  }

  /// Opens a file, closed on exec; `errno` says why there is none. A new file is for all to read.
  convenience init?(opening path: String, _ flags: CInt) {
    unsafe self.init(open(path, flags | O_CLOEXEC, 0o644))
  }

  deinit { close(number) }

  /// Takes over what a function of `CProcess` returned: a descriptor or a negative errno.
  static func taking(_ result: CInt, for purpose: String) throws(SupervisorError) -> Descriptor {
    guard let descriptor = Descriptor(result) else {
      throw SupervisorError(
        "cannot open \(purpose): \(SupervisorError.text(of: -result))", exitCode: .error)
    }
    return descriptor
  }

  /// Writes some of the bytes. Returns how many, or the negative errno.
  func write(_ bytes: ArraySlice<UInt8>) -> Int {
    let count = unsafe bytes.withUnsafeBytes { buffer in
      unsafe Glibc.write(number, buffer.baseAddress, buffer.count)
    }
    return count < 0 ? -Int(errno) : count
  }

  /// Reads at most `limit` bytes, from an offset where one is given. Nothing at the end of the file
  /// or on an error.
  func read(atMost limit: Int, at offset: Int? = nil) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      let taken =
        if let offset {
          unsafe pread(number, buffer.baseAddress, limit, off_t(offset))
        } else {
          unsafe Glibc.read(number, buffer.baseAddress, limit)
        }
      count = max(0, taken)
    }
  }
}

/// The files of `/proc`, and other short ones.
enum TextFile {
  /// The file's beginning as text, at most 16 KiB; `nil` when it cannot be opened.
  static func read(_ path: String) -> String? {
    Descriptor(opening: path, O_RDONLY).map {
      String(decoding: $0.read(atMost: 16_384), as: UTF8.self)
    }
  }
}

/// The limit of open files.
enum OpenFiles {
  /// Every node costs a descriptor: raises the soft limit to the hard one. Returns the limit as it
  /// was, which the nodes get.
  static func raiseLimit() -> UInt64 {
    var limit = rlimit()
    let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard unsafe getrlimit(kind, &limit) == 0 else { return 0 }
    let before = UInt64(limit.rlim_cur)
    limit.rlim_cur = limit.rlim_max
    unsafe setrlimit(kind, &limit)
    return before
  }
}
