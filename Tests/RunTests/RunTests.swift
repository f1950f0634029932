import Foundation
import Glibc
import History
import SeedbedTesting
import Testing

/// The parent of every suite that starts processes: one after the other.
@Suite("Runs of real processes", .serialized, .timeLimit(.minutes(10)))
enum RunTests {}

extension Workspace {
  /// Starts `seedbed` beside a `seedbed-node` that is this script.
  func start(_ arguments: [String], node script: String) throws -> Invocation {
    let bin = "\(folder)/bin"
    try FileManager.default.createDirectory(atPath: bin, withIntermediateDirectories: true)
    _ = try write(script, to: "bin/seedbed-node")
    #expect(unsafe chmod("\(bin)/seedbed-node", 0o755) == 0)
    // A copy, because seedbed looks beside the file it was started from.
    try FileManager.default.copyItem(atPath: executable, toPath: "\(bin)/seedbed")
    return try Invocation("\(bin)/seedbed", arguments + ["--logs", logs], folder: folder)
  }

  /// Runs it to its end.
  func run(_ arguments: [String], node script: String) async throws -> Invocation {
    let run = try start(arguments, node: script)
    await run.end()
    return run
  }

  /// Starts `seedbed` from a shell that did this before.
  func start(after preparation: String, _ arguments: [String]) throws -> Invocation {
    let line = "\(preparation); exec \"$0\" \"$@\""
    return try Invocation(
      "/bin/sh", ["-c", line, executable] + arguments + ["--logs", logs], folder: folder)
  }

  /// Starts `seedbed explore`, or another command that keeps no logs.
  func startExploring(
    _ arguments: [String], command: [String] = ["explore"]
  ) throws -> Invocation {
    try Invocation(executable, command + arguments, folder: folder)
  }

  /// Runs `seedbed explore` to its end.
  func explore(_ arguments: [String]) async throws -> Invocation {
    let run = try startExploring(arguments)
    await run.end()
    return run
  }

  /// Runs a topology, whose own end is far, until a state has come: an SQL query, as for 'wait'. However
  /// long that takes on a busy machine, it has come then. Returns what the run said.
  func run(
    _ topology: String, until state: String, node script: String? = nil
  ) async throws -> String {
    let file = try write(topology + "\nstop: { at: 1h }\n", to: "t.yaml")
    let arguments = [
      "run", file, "--seed", "7", "--no-checks", "--wait", state, "--timeout", "2m",
    ]
    let run =
      if let script { try await run(arguments, node: script) } else { try await run(arguments) }
    try #require(run.status == 0, "\(run.output)\(run.errors)")
    return try await stop()
  }

  /// Stops the run under way. Returns what it has said.
  func stop() async throws -> String {
    let stop = try await run(["stop", "last"])
    #expect(stop.output.hasSuffix(": completed\n"), "\(stop.output)\(stop.errors)")
    // The last is the run's own process, which has said all and ends.
    try await eventually("nothing is left") { processes.isEmpty }
    return try String(contentsOfFile: "\(runs.last ?? "")/run.out", encoding: .utf8)
  }

  /// The one value that a query gives.
  func integer(_ sql: String) throws -> Int64? {
    try Database(opening: history, mode: .readOnly).integer(sql)
  }
}

/// Waits until something is so, for as long as a busy machine may need.
func eventually(_ what: String, _ condition: () throws -> Bool) async throws {
  let deadline = Date(timeIntervalSinceNow: 120)
  while try !condition() {
    try #require(Date() < deadline, "never: \(what)")
    try await Task.sleep(for: .milliseconds(2))
  }
}
