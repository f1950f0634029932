import Foundation
import Glibc

/// A folder of a test's own, and the `seedbed` that works in it: its logs and its history are no
/// other test's.
///
/// The folder is removed with the workspace, unless it is kept (``keep()``). What a test process that
/// was killed has left behind is removed by the next one.
public final class Workspace: Sendable {
  /// The folder's path.
  public let folder: String
  /// The path of the executable.
  public let executable: String

  /// - Parameter executable: the path of `seedbed`; without one, what the environment variable
  ///   `SEEDBED` says, or else a `seedbed` beside the test's executable or on `PATH`.
  /// - Throws: ``SeedbedError`` when there is none.
  public init(executable: String? = nil) throws {
    self.executable = try executable ?? Self.findExecutable()
    let root = Self.root
    Self.removeLeftovers(in: root)
    folder = "\(root)/\(Self.prefix)\(getpid())-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { remove() }

  /// Removes the folder, unless it is kept.
  func remove() {
    if FileManager.default.fileExists(atPath: "\(folder)/\(Self.keptMark)") { return }
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// The folder of the runs' logs.
  public var logs: String { "\(folder)/logs" }
  /// The history's file.
  public var history: String { "\(logs)/history.sqlite" }

  /// The folders of the runs, oldest first.
  public var runs: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: logs)) ?? []
    return names.filter { !$0.hasPrefix("history") && !$0.hasPrefix(".") }.sorted()
      .map { "\(logs)/\($0)" }
  }

  /// The command lines of the processes that mention the folder: of a run's supervisor and nodes.
  public var processes: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.filter { Int($0) != nil }.compactMap { name in
      guard let line = FileManager.default.contents(atPath: "/proc/\(name)/cmdline") else {
        return nil
      }
      let words = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
      return words.contains { $0.contains(folder) } ? words.joined(separator: " ") : nil
    }
  }

  /// Writes a file into the folder. Returns its path.
  ///
  /// - Throws: where the file cannot be written.
  public func write(_ text: String, to name: String) throws -> String {
    let path = "\(folder)/\(name)"
    try Data(text.utf8).write(to: URL(filePath: path))
    return path
  }

  /// Leaves the folder there when the workspace goes.
  public func keep() {
    try? Data().write(to: URL(filePath: "\(folder)/\(Self.keptMark)"))
  }

  /// Starts `seedbed` with these arguments, on the workspace's logs.
  ///
  /// - Throws: where it cannot be started.
  public func start(_ arguments: [String]) throws -> Invocation {
    try Invocation(executable, arguments + ["--logs", logs], folder: folder)
  }

  /// Runs `seedbed` with these arguments to its end, on the workspace's logs. When the task is
  /// cancelled, so is the command.
  ///
  /// - Throws: where it cannot be started; `CancellationError`.
  public func run(_ arguments: [String]) async throws -> Invocation {
    let invocation = try start(arguments)
    try await invocation.finish()
    return invocation
  }
}

// MARK: - Places

extension Workspace {
  private static let prefix = "seedbed-test-"
  private static let keptMark = "kept"

  private static var root: String {
    let given = ProcessInfo.processInfo.environment["SEEDBED_TEST_LOGS"]
    return given ?? NSTemporaryDirectory().trimmingSuffix("/")
  }

  /// Removes the folders of test processes that are no more.
  private static func removeLeftovers(in root: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    for name in names where name.hasPrefix(prefix) {
      let folder = "\(root)/\(name)"
      guard let pid = Int32(name.dropFirst(prefix.count).prefix { $0 != "-" }),
        kill(pid, 0) != 0, errno == ESRCH,
        !FileManager.default.fileExists(atPath: "\(folder)/\(keptMark)")
      else { continue }
      try? FileManager.default.removeItem(atPath: folder)
    }
  }

  private static func findExecutable() throws -> String {
    let environment = ProcessInfo.processInfo.environment
    if let given = environment["SEEDBED"] {
      guard FileManager.default.isExecutableFile(atPath: given) else {
        throw SeedbedError("SEEDBED is '\(given)', which is no executable")
      }
      return given
    }
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let folders =
      [String(own[..<(own.lastIndex(of: "/") ?? own.startIndex)])]
      + (environment["PATH"] ?? "").split(separator: ":").map(String.init)
    for folder in folders where FileManager.default.isExecutableFile(atPath: "\(folder)/seedbed") {
      return "\(folder)/seedbed"
    }
    throw SeedbedError(
      "there is no seedbed beside \(own) or on PATH: build it with 'make build' and name it in the "
        + "environment variable SEEDBED")
  }
}

extension String {
  fileprivate func trimmingSuffix(_ suffix: String) -> String {
    hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
  }
}

/// What went wrong with a run or a question about it, in words.
public struct SeedbedError: Error, CustomStringConvertible, Sendable {
  public let description: String

  init(_ description: String) { self.description = description }
}
