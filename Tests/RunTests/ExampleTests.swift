import Foundation
import Glibc
import SeedbedTesting
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

extension Workspace {
  /// Starts `seedbed` in the workspace's folder, with the logs where it puts them by itself.
  fileprivate func startHere(_ arguments: [String]) throws -> Invocation {
    try Invocation(
      "/bin/sh", ["-c", "cd \"$0\" && exec \"$@\"", folder, executable] + arguments, folder: folder)
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
    func commands() async throws {
      let commands = try Tutorial.commands()
      let runs = commands.filter { $0[1] == "run" }
      #expect(runs.count == 6)
      // All at once, each with logs of its own.
      let started = try runs.map { run in
        let workspace = try Workspace()
        try FileManager.default.createSymbolicLink(
          atPath: "\(workspace.folder)/examples", withDestinationPath: "\(Tutorial.root)/examples")
        return (
          run: run, workspace: workspace, running: try workspace.startHere(Array(run.dropFirst()))
        )
      }
      for (run, workspace, running) in started {
        await running.end()
        let code = running.status ?? -1
        let isRefused = code == 64 && running.errors.contains("'isolation: namespace' needs")
        let isExcused = code == 2 && running.output.contains("overloaded")
        let expected: Int32 = run.contains { $0.hasSuffix("FANOUT=1") } ? 1 : 0
        #expect(
          code == expected || isExcused || isRefused, "\(run): \(running.output)\(running.errors)")
        #expect(workspace.processes.isEmpty)
      }
      let first = started[0].workspace
      for command in commands where command[1] != "run" {
        let running = try first.startHere(Array(command.dropFirst()))
        await running.end()
        #expect(running.status == 0, "\(command): \(running.errors)")
        #expect(!running.output.isEmpty, "\(command)")
      }
      #expect(try first.integer("SELECT count(*) FROM deaths WHERE back_t > gone_t") == 2)
      // A workspace is removed when nobody needs it any more.
      withExtendedLifetime(started) {
        for (run, workspace, _) in started where run.contains("junit=report.xml") {
          #expect(FileManager.default.fileExists(atPath: "\(workspace.folder)/report.xml"))
        }
      }
    }
  }
}
