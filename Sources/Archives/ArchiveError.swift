package import Messages

/// Why an archive could not be written or is not taken, and what to do.
package struct ArchiveError: ReportedError, Equatable {
  package var description: String
  package var exitCode: ExitCode

  init(_ description: String, exitCode: ExitCode = .usage) {
    self.description = description
    self.exitCode = exitCode
  }
}
