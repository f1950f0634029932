import Foundation

/// A real `seedbed-node` process, in a folder of its own, that ends with the test.
final class NodeProcess {
  let folder: URL
  let log: URL
  private let process = Process()
  private let errors = Pipe()

  /// Starts a node with `--log`, and `--config` where a seed list is given.
  init(_ role: String, _ options: [String] = [], seedList: String? = nil, log: URL? = nil) throws {
    folder = try Self.makeFolder()
    self.log = log ?? folder.appending(path: "node.ndjson")
    var arguments = [role, "--log", self.log.path] + options
    if let seedList {
      let config = folder.appending(path: "config.txt")
      try seedList.write(to: config, atomically: true, encoding: .utf8)
      arguments += ["--config", config.path]
    }
    process.executableURL = Self.executable
    process.arguments = arguments
    process.standardError = errors
    process.standardInput = FileHandle.nullDevice
    try process.run()
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: folder)
  }

  static func makeFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(path: "seedbed-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  /// Beside the test bundle, where the package manager puts it.
  static let executable: URL = {
    let path = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
    return URL(filePath: path).deletingLastPathComponent().appending(path: "seedbed-node")
  }()

  var isRunning: Bool { process.isRunning }

  var processID: Int32 { process.processIdentifier }

  func signal(_ number: Int32) { kill(process.processIdentifier, number) }

  /// Waits for the end; returns the exit code (or the signal, negative) and what was complained.
  func end() throws -> (code: Int32, errors: String) {
    let text = try errors.fileHandleForReading.readToEnd().map {
      String(decoding: $0, as: UTF8.self)
    }
    process.waitUntilExit()
    let status = process.terminationStatus
    return (process.terminationReason == .exit ? status : -status, text ?? "")
  }

  /// The log's whole lines so far.
  func lines() -> [[String: Any]] {
    guard let text = try? String(contentsOf: log, encoding: .utf8) else { return [] }
    return text.split(separator: "\n").compactMap {
      (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [String: Any]
    }
  }

  /// Waits for an event of a kind that also satisfies a condition.
  func event(
    _ kind: String, where condition: ([String: Any]) -> Bool = { _ in true }
  ) throws -> [String: Any] {
    try Deadline.poll("event \(kind)") {
      lines().first { $0["kind"] as? String == kind && condition($0) }
    }
  }

  /// The port it listens on, once it is ready.
  func port() throws -> UInt16 {
    let address = try event("node.ready")["address"] as? String ?? ""
    guard let port = UInt16(address.split(separator: ":").last ?? "") else {
      throw Missing(what: "a port in \(address)")
    }
    return port
  }
}

struct Missing: Error, CustomStringConvertible {
  let what: String
  var description: String { "waited in vain for \(what)" }
}

/// Waiting for something to happen, with a deadline that only a broken program meets.
enum Deadline {
  static let seconds = 30.0

  static func poll<Value>(_ what: String, _ look: () throws -> Value?) throws -> Value {
    let end = Date(timeIntervalSinceNow: seconds)
    while Date() < end {
      if let value = try look() { return value }
      usleep(2_000)
    }
    throw Missing(what: what)
  }
}
