import Foundation
import Testing

/// The repository's own rules.
@Suite struct RepositoryTests {
  /// Sources by path inside the repository, with their text.
  static let sources: [(path: String, text: String)] = ["Sources", "Tests", "Benchmarks"].flatMap {
    FileManager.default.enumerator(atPath: Repository.root.appending(path: $0).path)?
      .compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }.map(($0 + "/").appending)
      ?? []
  }.compactMap { path in
    (try? String(contentsOf: Repository.root.appending(path: path), encoding: .utf8))
      .map { (path, $0) }
  }

  @Test("nodes import neither Foundation nor SQLite: they stay small")
  func smallNodes() {
    let folders = [
      "Arguments", "Clock", "HTTP", "Hashing", "JSONReading", "LiveDriver", "Networks",
      "Participants", "Wire", "seedbed-node",
    ]
    let node = Self.sources.filter { source in
      folders.contains { source.path.hasPrefix("Sources/\($0)/") }
    }
    #expect(node.count > 20)
    for source in node {
      #expect(
        source.text.firstMatch(of: /import (Foundation|Dispatch|CSQLite)/) == nil, "\(source.path)")
    }
  }

  @Test("participants know no clock, no randomness of the system and no socket")
  func pureParticipants() {
    let pure = Self.sources.filter { $0.path.hasPrefix("Sources/Participants/") }
    #expect(pure.count > 10)
    for source in pure {
      #expect(
        source.text.firstMatch(of: /import (Glibc|CUV)|SystemRandomNumberGenerator|Clock\(\)/)
          == nil,
        "\(source.path)")
    }
  }

  @Test("files stay short enough to read, and nothing is left for later")
  func files() {
    #expect(Self.sources.count > 80)
    for source in Self.sources {
      let lines = source.text.split(separator: "\n", omittingEmptySubsequences: false).count
      #expect(lines <= 450, "\(source.path) has \(lines) lines")
      #expect(
        source.text.firstMatch(of: try! Regex("//.*TO" + "DO|FIX" + "ME|@un" + "checked")) == nil,
        "\(source.path)")
    }
  }
}

enum Repository {
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// Compares the part of a page that begins with a heading with what the code says, or records it.
  static func compare(_ path: String, from heading: String, _ make: () -> String) throws {
    let url = root.appending(path: path)
    let page = try String(contentsOf: url, encoding: .utf8)
    let start = try #require(page.range(of: "\n\(heading)\n"), "\(path) has no '\(heading)'")
    let made = make()
    if ProcessInfo.processInfo.environment["SEEDBED_RECORD"] == "1" {
      try (page[..<start.upperBound] + made).write(to: url, atomically: true, encoding: .utf8)
    } else {
      #expect(String(page[start.upperBound...]) == made, "\(path) is out of date: run 'make docs'")
    }
  }
}
