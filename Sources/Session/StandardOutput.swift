import Glibc
package import Messages

/// Standard output in large writes. What cannot be written (a full disk) is an error of the command,
/// unlike with `print`; a reader that goes away (`| head`) ends the process as usual, by SIGPIPE.
package struct StandardOutput: TextOutputStream {
  private static let bufferSize = 64 * 1_024

  private var buffer: [UInt8] = []
  private var failure: CInt?

  package init() {}

  /// Adds text.
  package mutating func write(_ string: String) {
    write(contentsOf: string.utf8)
  }

  /// Adds bytes.
  package mutating func write(contentsOf bytes: some Sequence<UInt8>) {
    buffer.append(contentsOf: bytes)
    if buffer.count >= Self.bufferSize { flush() }
  }

  /// Writes what is left.
  ///
  /// - Throws: ``OutputError`` when that, or a write before, has failed.
  package consuming func finish() throws {
    flush()
    if let failure { throw OutputError(code: failure) }
  }

  private mutating func flush() {
    Terminal.settle()
    var written = 0
    while failure == nil, written < buffer.count {
      let count = unsafe buffer[written...].withUnsafeBytes { bytes in
        unsafe Glibc.write(STDOUT_FILENO, bytes.baseAddress, bytes.count)
      }
      if count >= 0 {
        written += count
      } else if errno != EINTR {
        failure = errno
      }
    }
    buffer.removeAll(keepingCapacity: true)
  }
}

/// The output cannot be written.
package struct OutputError: ReportedError {
  /// The system's, an `errno`.
  package var code: CInt

  package var exitCode: ExitCode { .error }

  package var description: String {
    "cannot write the output: \(systemMessage(code))"
  }
}
