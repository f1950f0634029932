package import Messages

/// A simulation that could not be recorded or judged.
package struct SimulationError: ReportedError, Equatable {
  package var description: String

  init(_ description: String) { self.description = description }

  package var exitCode: ExitCode { .error }
}
