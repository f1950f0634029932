import Foundation
import Glibc
import History
import Testing

/// The parent of every suite that starts processes: one after the other.
@Suite("Runs of real processes", .serialized, .timeLimit(.minutes(3)))
enum RunTests {}

/// A folder for one test's runs, and the executables that `swift build` left beside the tests.
final class Sandbox {
  let folder: String
  private let executables: String

  init() throws {
    folder = "\(NSTemporaryDirectory())seedbed-\(UUID().uuidString)"
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true)
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    executables = (tests as NSString).deletingLastPathComponent
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  var logs: String { "\(folder)/logs" }
  var history: String { "\(logs)/history.sqlite" }
  var node: String { "\(executables)/seedbed-node" }

  func write(_ text: String, to name: String) throws -> String {
    let path = "\(folder)/\(name)"
    try Data(text.utf8).write(to: URL(filePath: path))
    return path
  }

  /// Starts `seedbed`, beside a `seedbed-node` that is this script where one is given.
  func start(_ arguments: [String], node script: String? = nil) throws -> Running {
    var executable = "\(executables)/seedbed"
    if let script {
      let bin = "\(folder)/bin"
      try FileManager.default.createDirectory(atPath: bin, withIntermediateDirectories: true)
      _ = try write(script, to: "bin/seedbed-node")
      #expect(unsafe chmod("\(bin)/seedbed-node", 0o755) == 0)
      // A copy, because seedbed looks beside the file it was started from.
      try FileManager.default.copyItem(atPath: executable, toPath: "\(bin)/seedbed")
      executable = "\(bin)/seedbed"
    }
    return try Running(executable, arguments + ["--logs", logs], folder: folder)
  }

  /// Starts `seedbed` from a shell that did this before.
  func start(after preparation: String, _ arguments: [String]) throws -> Running {
    let line = "\(preparation); exec \"$0\" \"$@\""
    return try Running(
      "/bin/sh", ["-c", line, "\(executables)/seedbed"] + arguments + ["--logs", logs],
      folder: folder)
  }

  /// Starts `seedbed` in the sandbox's folder, with the logs where it puts them by itself.
  func startHere(_ arguments: [String]) throws -> Running {
    try Running("\(executables)/seedbed", arguments, folder: folder, workingFolder: folder)
  }

  /// Starts `seedbed explore`, or another command that keeps no logs.
  func startExploring(_ arguments: [String], command: [String] = ["explore"]) throws -> Running {
    try Running("\(executables)/seedbed", command + arguments, folder: folder)
  }

  /// Runs `seedbed explore` to its end.
  func explore(_ arguments: [String]) throws -> Running {
    let running = try startExploring(arguments)
    running.process.waitUntilExit()
    return running
  }

  /// Runs `seedbed` to its end.
  func run(_ arguments: [String], node script: String? = nil) throws -> Running {
    let running = try start(arguments, node: script)
    running.process.waitUntilExit()
    return running
  }

  /// The folders of the runs, oldest first.
  var runs: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: logs)) ?? []
    return names.filter { !$0.hasPrefix("history") }.sorted().map { "\(logs)/\($0)" }
  }

  /// The processes that mention this sandbox on their command line.
  var processes: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.filter { name in
      guard Int(name) != nil,
        let line = FileManager.default.contents(atPath: "/proc/\(name)/cmdline")
      else { return false }
      return String(decoding: line, as: UTF8.self).contains(folder)
    }
  }

  /// The one value that a query gives.
  func integer(_ sql: String) throws -> Int64? {
    try Database(opening: history, mode: .readOnly).integer(sql)
  }
}

/// A `seedbed` that was started, with its output in files.
final class Running {
  let process = Process()
  private let outputFile: String
  private let errorFile: String

  /// - Parameters:
  ///   - folder: for the files with its output.
  ///   - workingFolder: the tests' own where none is given.
  init(
    _ executable: String, _ arguments: [String], folder: String, workingFolder: String? = nil
  ) throws {
    let id = UUID().uuidString
    outputFile = "\(folder)/\(id).out"
    errorFile = "\(folder)/\(id).err"
    for file in [outputFile, errorFile] { try Data().write(to: URL(filePath: file)) }
    process.executableURL = URL(filePath: executable)
    process.arguments = arguments
    if let workingFolder { process.currentDirectoryURL = URL(filePath: workingFolder) }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle(forWritingAtPath: outputFile)
    process.standardError = FileHandle(forWritingAtPath: errorFile)
    try process.run()
  }

  var output: String { text(outputFile) }
  var errors: String { text(errorFile) }

  private func text(_ file: String) -> String {
    String(decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self)
  }

  func signal(_ number: CInt) { kill(process.processIdentifier, number) }
}

/// Waits until something is so, for as long as a busy machine may need.
func eventually(_ what: String, _ condition: () throws -> Bool) throws {
  let deadline = Date(timeIntervalSinceNow: 30)
  while try !condition() {
    try #require(Date() < deadline, "never: \(what)")
    usleep(2_000)
  }
}
