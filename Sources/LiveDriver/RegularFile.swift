import Glibc
package import Sockets

/// Files that people name. What is no file, a folder or a pipe say, is refused and never waited for.
package enum RegularFile {
  /// - Returns: a descriptor, which is the caller's to close.
  /// - Throws: why it cannot be opened, in words that leave the path out.
  package static func open(_ path: String, _ mode: CInt) throws(NodeFailure) -> CInt {
    // Not blocking: whoever opens a pipe waits for its other end.
    let descriptor = unsafe Glibc.open(path, mode | O_CLOEXEC | O_NONBLOCK, 0o644)
    guard descriptor >= 0 else { throw NodeFailure(NodeFailure.describe(errno)) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      let isFolder = status.st_mode & S_IFMT == S_IFDIR
      throw NodeFailure(isFolder ? NodeFailure.describe(EISDIR) : "Not a regular file")
    }
    return descriptor
  }

  /// Everything from a descriptor's beginning on.
  ///
  /// - Throws: that it is longer than so many bytes, or cannot be read.
  package static func contents(
    of descriptor: CInt, atMost limit: Int
  ) throws(NodeFailure) -> [UInt8] {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw NodeFailure(NodeFailure.describe(errno))
    }
    guard status.st_size <= limit else { throw NodeFailure("It is longer than \(limit) bytes") }
    let size = Int(status.st_size)
    var failure: CInt = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      let got = unsafe pread(descriptor, buffer.baseAddress, size, 0)
      if got < 0 { failure = errno }
      count = max(0, got)
    }
    guard failure == 0 else { throw NodeFailure(NodeFailure.describe(failure)) }
    return bytes
  }
}
