import Arguments
import Foundation
import History
import Participants
import Supervisor
import Topology

/// `seedbed run --wait`: a run that goes on in the background once something has happened in it.
struct BackgroundRun {
  /// What the run's own process says, in the run's folder.
  private static let outputName = "run.out"

  private let arguments: ParsedArguments
  private let awaited: [Awaited]

  /// - Parameter plan: what is to run.
  init(_ arguments: ParsedArguments, _ plan: Plan) throws {
    self.arguments = arguments
    awaited = arguments.all("wait").map { Awaited($0, node: nil) }
    try Awaited.check(awaited, plan: plan)
  }

  func wait() throws -> ExitCode {
    // Beside the runs' folders, so that it can be moved into one.
    let output = "\(arguments.logs)/.run-\(UUID().uuidString)"
    let process = try start(output: output)
    do {
      let run = try run(of: process)
      try FileManager.default.moveItem(
        atPath: output, toPath: "\(run.folder.path)/\(Self.outputName)")
      _ = try Waiting(folder: run.folder.path, arguments).wait(for: awaited)
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

  /// The same command without waiting, in a process group of its own.
  private func start(output: String) throws -> Process {
    try FileManager.default.createDirectory(
      atPath: arguments.logs, withIntermediateDirectories: true)
    try Data().write(to: URL(filePath: output))
    let handle = FileHandle(forWritingAtPath: output)
    let process = Process()
    process.executableURL = URL(
      filePath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
    process.arguments = Self.withoutWaiting(CommandLine.arguments.dropFirst())
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = handle
    process.standardError = handle
    try process.run()
    return process
  }

  private static func withoutWaiting(_ arguments: some Sequence<String>) -> [String] {
    var kept: [String] = []
    var isValue = false
    for argument in arguments {
      let isOurs = ["--wait", "--timeout"].contains {
        argument == $0 || argument.hasPrefix("\($0)=")
      }
      if !isOurs, !isValue { kept.append(argument) }
      isValue = isOurs && !argument.contains("=")
    }
    return kept
  }

  /// The run that a process supervises, as soon as it can be spoken to.
  private func run(of process: Process) throws -> LiveRun {
    while process.isRunning {
      let run = LiveRun.all(in: arguments.logs).first { $0.supervisor == process.processIdentifier }
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
