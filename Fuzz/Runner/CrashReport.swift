import Glibc

/// Saves the input that a target is taking when the process crashes, or takes too long.
///
/// A signal handler may do little: everything is made ready beforehand, and it only writes.
enum CrashReport {
  /// Seconds that one input may take.
  static let patience: CUnsignedInt = 10
  /// The longest input that is saved whole.
  private static let longest = 1 << 20

  private nonisolated(unsafe) static let input = UnsafeMutableRawPointer.allocate(
    byteCount: longest, alignment: 1)
  private nonisolated(unsafe) static var length = 0
  private nonisolated(unsafe) static var path: UnsafeMutablePointer<CChar>?

  /// From now on a crash is one of this target's.
  static func watch(_ target: String, in folder: String) {
    unsafe free(path)
    unsafe path = strdup("\(folder)/crash-\(target)")
    // A stack that overflows leaves none to the handler.
    let size = 65_536
    var stack = unsafe stack_t(ss_sp: malloc(size), ss_flags: 0, ss_size: size)
    unsafe sigaltstack(&stack, nil)
    var action = sigaction()
    action.sa_flags = CInt(SA_ONSTACK)
    unsafe action.__sigaction_handler.sa_handler = { _ in CrashReport.save() }
    for signal in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGALRM] {
      unsafe sigaction(signal, &action, nil)
    }
  }

  /// This input is about to be taken.
  static func note(_ bytes: [UInt8]) {
    unsafe length = min(bytes.count, longest)
    unsafe bytes.withUnsafeBytes { bytes in
      unsafe input.copyMemory(from: bytes.baseAddress ?? UnsafeRawPointer(input), byteCount: length)
    }
    alarm(patience)
  }

  private static func save() {
    let descriptor = unsafe open(path ?? strdup("crash"), O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    unsafe write(descriptor, input, length)
    say("crashed or took too long: the input is saved as ")
    unsafe write(STDERR_FILENO, path, strlen(path ?? strdup("")))
    say("\n")
    _exit(1)
  }

  private static func say(_ text: StaticString) {
    unsafe write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
  }
}
