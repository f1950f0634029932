import Foundation
import Testing

/// What tests of the torrent's processes need.
enum TorrentTools {
  /// `STATUS BODY` of a request; curl's own complaint where there is no answer.
  static func curl(_ port: UInt16, _ path: String, _ arguments: String...) throws -> String {
    try curl(port, path, arguments)
  }

  static func curl(_ port: UInt16, _ path: String, _ arguments: [String]) throws -> String {
    let (process, output) = (Process(), Pipe())
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments =
      ["curl", "--silent", "--show-error", "--max-time", "20", "--write-out", "\n%{http_code}"]
      + arguments + ["http://127.0.0.1:\(port)\(path)"]
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = text.lastIndex(of: "\n") else { return text }
    return "\(text[text.index(after: end)...]) \(text[..<end])"
  }

  /// A client that makes its file, of 100,000 bytes if not said otherwise, and gives it.
  static func seeder(
    _ tracker: UInt16, in folder: URL, _ options: String...
  ) throws -> NodeProcess {
    try NodeProcess(
      "torrent-client",
      [
        "--tracker", "127.0.0.1:\(tracker)", "--data", folder.path, "--complete", "true",
        "--size", "100000",
      ] + options)
  }

  static func torrentify(_ file: URL, _ tracker: String, to torrent: URL) throws {
    let process = Process()
    process.executableURL = NodeProcess.executable.deletingLastPathComponent()
      .appending(path: "seedbed")
    process.arguments = ["torrentify", file.path, tracker, "--output", torrent.path]
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }

  /// The client of a torrent in its folder, under its usual name.
  static func client(_ folder: URL, _ options: String...) throws -> NodeProcess {
    try NodeProcess(
      "torrent-client", ["--torrent", "torrent.json", "--data", folder.path] + options)
  }
}
