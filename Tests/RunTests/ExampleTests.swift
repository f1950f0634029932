import Foundation
import Glibc
import Testing

/// `docs/TUTORIAL.md` and the networks in `examples/` that it walks through.
enum Tutorial {
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  static func text(_ path: String) throws -> String {
    try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
  }

  /// The texts between lines of three backticks, with the word after the first of them.
  static func blocks() throws -> [(language: String, text: String)] {
    let lines = try text("docs/TUTORIAL.md").split(
      separator: "\n", omittingEmptySubsequences: false)
    let fences = lines.indices.filter { lines[$0].hasPrefix("```") }
    return stride(from: 0, to: fences.count - 1, by: 2).map { index in
      let text = lines[(fences[index] + 1)..<fences[index + 1]].joined(separator: "\n")
      return (String(lines[fences[index]].dropFirst(3)), text + "\n")
    }
  }

  /// Every command that it tells the reader to type, in words.
  static func commands() throws -> [[String]] {
    try blocks().filter { $0.language == "sh" }.flatMap { $0.text.split(separator: "\n") }
      .filter { $0.hasPrefix("seedbed ") }.map { line in
        // Words in double quotes are one.
        line.split(separator: "\"", omittingEmptySubsequences: false).enumerated().flatMap {
          $0 % 2 == 1 ? [String($1)] : $1.split(separator: " ").map(String.init)
        }
      }
  }
}

extension RunTests {
  @Suite("The tutorial")
  struct ExampleTests {
    @Test("shows the files of the examples as they are")
    func files() throws {
      let shown = try Tutorial.blocks().filter {
        ["python", "yaml", "sql", "bash"].contains($0.language)
      }
      let files = [
        "rumour/peer.py", "rumour/rumour.yaml", "rumour/rumours-reach-everyone.sql",
        "watch/watcher.sh", "gossip/mixed.yaml",
      ]
      #expect(try shown.map(\.text) == files.map { try Tutorial.text("examples/\($0)") })
    }

    @Test("has commands that do what it says", .enabled(if: hasPython))
    func commands() throws {
      let commands = try Tutorial.commands()
      let runs = commands.filter { $0[1] == "run" }
      #expect(runs.count == 5)
      // All at once, each with logs of its own.
      let started = try runs.map { run in
        let sandbox = try Sandbox()
        try FileManager.default.createSymbolicLink(
          atPath: "\(sandbox.folder)/examples", withDestinationPath: "\(Tutorial.root)/examples")
        return (run: run, sandbox: sandbox, running: try sandbox.startHere(Array(run.dropFirst())))
      }
      for (run, sandbox, running) in started {
        running.process.waitUntilExit()
        let code = running.process.terminationStatus
        let isExcused = code == 2 && running.output.contains("overloaded")
        let expected: Int32 = run.contains { $0.hasSuffix("FANOUT=1") } ? 1 : 0
        #expect(code == expected || isExcused, "\(run): \(running.output)\(running.errors)")
        #expect(sandbox.processes.isEmpty)
      }
      let first = started[0].sandbox
      for command in commands where command[1] != "run" {
        let running = try first.startHere(Array(command.dropFirst()))
        running.process.waitUntilExit()
        #expect(running.process.terminationStatus == 0, "\(command): \(running.errors)")
        #expect(!running.output.isEmpty, "\(command)")
      }
      #expect(try first.integer("SELECT count(*) FROM deaths WHERE back_t > gone_t") == 2)
      // A sandbox is removed when nobody needs it any more.
      withExtendedLifetime(started) {
        for (run, sandbox, _) in started where run.contains("junit=report.xml") {
          #expect(FileManager.default.fileExists(atPath: "\(sandbox.folder)/report.xml"))
        }
      }
    }
  }
}
