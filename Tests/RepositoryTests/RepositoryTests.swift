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
  func smallNodes() throws {
    let targets = try Repository.targets()
    var folders: Set<String> = []
    var rest = ["seedbed-node"]
    while let name = rest.popLast() {
      // System libraries and C have no Swift.
      guard let target = targets[name], folders.insert(target.folder).inserted else { continue }
      rest += target.dependencies
    }
    #expect(folders.isSuperset(of: ["Sources/seedbed-node", "Sources/Participants/Contract"]))
    for source in Self.sources {
      guard folders.contains(where: { source.path.hasPrefix("\($0)/") }) else { continue }
      #expect(
        source.text.firstMatch(of: /import (Foundation|Dispatch|CSQLite)/) == nil, "\(source.path)")
    }
  }

  @Test("libraries name no option of a command: only a command knows what it is called")
  func noOptionsInLibraries() {
    // What runs the commands, and the page that describes them to their users.
    let commands = ["seedbed/", "SeedbedTesting/", "History/SchemaDocument.swift"]
    let options = /--(history|logs|checks|networks|set|report|keep|repeat|wait)\b/
    for source in Self.sources where source.path.hasPrefix("Sources/") {
      guard !commands.contains(where: { source.path.hasPrefix("Sources/\($0)") }) else { continue }
      // A whole command, to be copied, is what it is.
      let text = source.text.replacing(/'(seedbed )?[a-z]+ --[^'\n]*'/, with: "")
      #expect(!text.contains(options), "\(source.path)")
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

  @Test("no argument of a test is ten thousand bytes long: the runner prints it, twice")
  func shortArguments() {
    let tests = Self.sources.filter { $0.path.hasPrefix("Tests/") }
    #expect(tests.count > 80)
    // A type may say what stands for it.
    for source in tests where !source.text.contains("CustomTestStringConvertible {") {
      for test in source.text.components(separatedBy: "@Test(").dropFirst() {
        let arguments = test.components(separatedBy: "func ")[0]
          .components(separatedBy: "arguments:").dropFirst().joined()
        #expect(
          arguments.firstMatch(of: /repeating: .*count: [0-9_]{6,}/) == nil, "\(source.path)")
      }
    }
  }

  @Test("only one script calls apt-get: it waits for whoever has the packages' locks")
  func packageLocks() throws {
    let folder = Repository.root.appending(path: "scripts").path
    let scripts = try FileManager.default.contentsOfDirectory(atPath: folder)
    #expect(scripts.count > 5)
    for script in scripts where script != "apt-get.sh" {
      let text = try String(contentsOfFile: "\(folder)/\(script)", encoding: .utf8)
      #expect(text.firstMatch(of: /\bapt-get [a-z]+ -/) == nil, "\(script)")
    }
  }

  @Test(
    "apt-get is tried again while another process has a lock, and no more once it has failed",
    arguments: [
      ("E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)", 0),
      ("E: Unable to locate package nothing", 100),
    ])
  func lockedPackages(complaint: String, code: Int32) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "seedbed-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // It fails when it is called for the first time.
    let program = """
      #!/bin/sh
      echo "$@" >> \(folder.path)/calls
      [ $(wc -l < \(folder.path)/calls) -gt 1 ] || { echo '\(complaint)' >&2; exit 100; }
      """
    for (name, text) in [("apt-get", program), ("sudo", "#!/bin/sh\nexec \"$@\"\n")] {
      let file = folder.appending(path: name)
      try text.write(to: file, atomically: false, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
    }
    let process = Process()
    let errors = Pipe()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = [
      Repository.root.appending(path: "scripts/apt-get.sh").path, "install", "some-package",
    ]
    process.environment = ["PATH": "\(folder.path):/usr/sbin:/usr/bin:/sbin:/bin"]
    process.standardError = errors
    try process.run()
    let bytes = try errors.fileHandleForReading.readToEnd() ?? Data()
    let said = String(decoding: bytes, as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == code)
    #expect(said.contains(complaint) == (code != 0), "\(said)")
    let calls = try String(contentsOfFile: "\(folder.path)/calls", encoding: .utf8)
    #expect(calls.split(separator: "\n").count == (code == 0 ? 2 : 1))
    #expect(calls.hasSuffix("install some-package\n"))
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

  /// The package's Swift targets by name, as `Package.swift` lists them.
  static func targets() throws -> [String: (folder: String, dependencies: [String])] {
    let text = try String(contentsOf: root.appending(path: "Package.swift"), encoding: .utf8)
    let target = /\.(?:target|executableTarget)\(\s*name: "([\w-]+)"([^)]*)\)/
    return text.matches(of: target).reduce(into: [:]) { targets, match in
      let rest = match.2
      let path = rest.firstMatch(of: /path: "([^"]+)"/).map { String($0.1) }
      let list = rest.firstMatch(of: /dependencies: \[([^\]]*)\]/)?.1 ?? ""
      targets[String(match.1)] = (
        folder: path ?? "Sources/\(match.1)",
        dependencies: list.matches(of: /"([^"]+)"/).map { String($0.1) }
      )
    }
  }

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
