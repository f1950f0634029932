import BenchmarkReferences
import Foundation

/// A program that a benchmark started.
struct Program {
  private let pid: pid_t

  /// Starts it, its output in a file. It is asked to end, with SIGTERM, when the benchmark ends
  /// before it.
  init(_ arguments: [String], output: String) throws {
    pid = unsafe withCStrings(arguments) { unsafe launch_start($0, output, SIGTERM) }
    guard pid > 0 else { throw BenchmarkError.system(-pid, "cannot start \(arguments[0])") }
  }

  /// Asks it to end, and waits until it has.
  func end() { launch_end(pid, SIGTERM) }

  /// The path of an executable beside this one, where `make build` puts them.
  static func beside(_ name: String) throws -> String {
    let own = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    let path = own.deletingLastPathComponent().appending(path: name).path
    guard FileManager.default.isExecutableFile(atPath: path) else {
      throw BenchmarkError(description: "there is no \(path): run 'make build'")
    }
    return path
  }
}

/// A folder for a benchmark's files, for as long as the body runs.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory
    .appending(path: "seedbed-benchmark-\(UUID().uuidString)").path
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  return try body(folder)
}

/// A null-terminated array of C strings, for as long as the body runs.
func withCStrings<Result>(
  _ strings: [String],
  _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) throws -> Result
) rethrows -> Result {
  var copies = unsafe strings.map { unsafe strdup($0) } + [nil]
  defer { for index in unsafe copies.indices { unsafe free(copies[index]) } }
  return try unsafe copies.withUnsafeMutableBufferPointer { try unsafe body($0.baseAddress) }
}
