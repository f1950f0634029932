import Glibc
package import Messages

/// Why a run could not be started, or be carried on: what was found and what to do.
package struct SupervisorError: ReportedError, Equatable {
  package var description: String
  package var exitCode: ExitCode
  package var choice: Choice?

  package init(_ description: String, exitCode: ExitCode = .usage, choice: Choice? = nil) {
    self.description = description
    self.exitCode = exitCode
    self.choice = choice
  }

  /// What the system says about an error number, e.g. `No space left on device`.
  static func text(of number: CInt) -> String {
    guard let text = unsafe strerror(number) else { return "error \(number)" }
    return unsafe String(cString: text)
  }
}
