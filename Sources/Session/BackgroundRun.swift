import Foundation
import History
package import Messages
package import Participants
import Supervisor
package import Topology

/// A run that goes on in the background once something has happened in it.
package struct BackgroundRun {
  /// What the run's own process says, in the run's folder.
  private static let outputName = "run.out"

  private let command: [String]
  private let places: RunPlaces
  private let awaited: [Awaited]
  private let limit: Microseconds

  /// - Parameters:
  ///   - command: what this executable is to be told, to run in the foreground.
  ///   - plan: what that runs.
  ///   - limit: how long to wait.
  /// - Throws: for what can never come.
  package init(
    _ command: [String], in places: RunPlaces, until awaited: [Awaited], within limit: Microseconds,
    plan: Plan
  ) throws {
    self.command = command
    self.places = places
    self.awaited = awaited
    self.limit = limit
    try Awaited.check(awaited, plan: plan)
  }

  /// Starts the run, waits, and prints the run's name.
  ///
  /// - Throws: ``WaitError`` when it has not come in time, or before the run's end.
  package func wait() throws -> ExitCode {
    // Beside the runs' folders, so that it can be moved into one.
    let output = "\(places.logs)/.run-\(UUID().uuidString)"
    let process = try start(output: output)
    do {
      let run = try run(of: process)
      try FileManager.default.moveItem(
        atPath: output, toPath: "\(run.folder.path)/\(Self.outputName)")
      _ = try Waiting(for: run.folder.path, in: places.history, within: limit)
        .wait(for: awaited)
      Terminal.say("\(run.name)\n")
      return .success
    } catch let error as RunEndedError {
      let text = FileManager.default.contents(atPath: output) ?? Data()
      try? FileManager.default.removeItem(atPath: output)
      try FileHandle.standardError.write(contentsOf: text)
      return error.exitCode
    } catch {
      process.terminate()
      process.waitUntilExit()
      throw error
    }
  }

  /// The command, in a process group of its own.
  private func start(output: String) throws -> Process {
    try FileManager.default.createDirectory(
      atPath: places.logs, withIntermediateDirectories: true)
    try Data().write(to: URL(filePath: output))
    let handle = FileHandle(forWritingAtPath: output)
    let process = Process()
    process.executableURL = URL(
      filePath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
    process.arguments = command
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = handle
    process.standardError = handle
    try process.run()
    return process
  }

  /// The run that a process supervises, as soon as it can be spoken to.
  private func run(of process: Process) throws -> LiveRun {
    while process.isRunning {
      let run = LiveRun.all(in: places.logs).first { $0.supervisor == process.processIdentifier }
      if let run { return run }
      usleep(10_000)
    }
    let code = ExitCode(rawValue: process.terminationStatus) ?? .error
    throw RunEndedError(exitCode: code == .success ? .inconclusive : code)
  }
}

/// The run was over before anything could be waited for.
private struct RunEndedError: Error {
  var exitCode: ExitCode
}
