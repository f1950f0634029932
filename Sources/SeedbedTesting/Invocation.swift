import Foundation
import Glibc
import Synchronization

/// A command that was started, in a process group of its own and with its output in files.
public final class Invocation: Sendable {
  private struct State {
    var status: Int32?
    var waiting: [CheckedContinuation<Int32, Never>] = []
  }

  private let process = Process()
  private let state = Mutex(State())
  private let outputFile: String
  private let errorFile: String

  /// - Parameter folder: where the files with its output are kept.
  /// - Throws: where it cannot be started, or the files not made.
  public init(_ executable: String, _ arguments: [String], folder: String) throws {
    let id = UUID().uuidString
    outputFile = "\(folder)/\(id).out"
    errorFile = "\(folder)/\(id).err"
    for file in [outputFile, errorFile] { try Data().write(to: URL(filePath: file)) }
    process.executableURL = URL(filePath: executable)
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle(forWritingAtPath: outputFile)
    process.standardError = FileHandle(forWritingAtPath: errorFile)
    process.terminationHandler = { [weak self] process in
      // A shell's way to tell of a signal.
      let isExit = process.terminationReason == .exit
      self?.ended(process.terminationStatus + (isExit ? 0 : 128))
    }
    try process.run()
  }

  private func ended(_ status: Int32) {
    let waiting = state.withLock { state in
      state.status = status
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume(returning: status) }
  }

  /// The process's ID, which is its group's as well.
  public var pid: Int32 { process.processIdentifier }

  /// Whether it has not ended yet.
  public var isRunning: Bool { status == nil }

  /// What it ended with: its exit code, or 128 and the number of the signal that ended it; `nil`
  /// while it runs.
  public var status: Int32? { state.withLock(\.status) }

  /// What it has written to its standard output so far.
  public var output: String { text(outputFile) }
  /// What it has written to its standard error so far.
  public var errors: String { text(errorFile) }

  private func text(_ file: String) -> String {
    String(decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self)
  }

  /// Sends a signal to the process alone, if it still runs.
  public func signal(_ number: Int32) {
    if isRunning { kill(pid, number) }
  }

  /// Waits until it has ended, whatever becomes of the task. Returns ``status``.
  @discardableResult
  public func end() async -> Int32 {
    await withCheckedContinuation { continuation in
      let status = state.withLock { state in
        if state.status == nil { state.waiting.append(continuation) }
        return state.status
      }
      if let status { continuation.resume(returning: status) }
    }
  }

  /// Waits until it has ended; when the task is cancelled, it is told to end.
  ///
  /// - Throws: `CancellationError` when the task was cancelled.
  @discardableResult
  public func finish() async throws -> Int32 {
    let status = await withTaskCancellationHandler {
      await end()
    } onCancel: {
      signal(SIGTERM)
    }
    try Task.checkCancellation()
    return status
  }
}
