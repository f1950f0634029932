import Foundation
import Glibc
import SeedbedTesting
import Testing

/// A page of the documentation, for those who do as it says.
enum Page {
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  static func text(_ path: String) throws -> String {
    try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
  }

  /// The texts between lines of three backticks, with the word after the first of them.
  static func blocks(_ page: String) throws -> [(language: String, text: String)] {
    let lines = try text(page).split(separator: "\n", omittingEmptySubsequences: false)
    let fences = lines.indices.filter { lines[$0].hasPrefix("```") }
    return stride(from: 0, to: fences.count - 1, by: 2).map { index in
      let text = lines[(fences[index] + 1)..<fences[index + 1]].joined(separator: "\n")
      return (String(lines[fences[index]].dropFirst(3)), text + "\n")
    }
  }

}

/// `docs/TUTORIAL.md` and the networks in `examples/` that it walks through.
enum Tutorial {
  static func blocks() throws -> [(language: String, text: String)] {
    try Page.blocks("docs/TUTORIAL.md")
  }

  /// What it tells the reader to type, in order, but for the installation: a script for each run that it
  /// starts, with what it then asks of that run.
  static func scripts() throws -> [String] {
    var scripts: [String] = []
    for block in try blocks() where block.language == "sh" && !block.text.contains("make build") {
      if block.text.contains("seedbed run") && !block.text.contains("$run") {
        scripts.append(block.text)
      } else {
        scripts[scripts.count - 1] += block.text
      }
    }
    return scripts
  }
}

extension Workspace {
  /// One with what commands in the documentation name.
  static func ofTheRepository() throws -> Workspace {
    let workspace = try Workspace()
    for name in ["topologies", "examples", "networks"] {
      try FileManager.default.createSymbolicLink(
        atPath: "\(workspace.folder)/\(name)", withDestinationPath: "\(Page.root)/\(name)")
    }
    return workspace
  }

  /// Runs a script in the workspace's folder, with the logs where `seedbed` puts them by itself.
  func startHere(_ script: String) throws -> Invocation {
    let tools = URL(filePath: executable).deletingLastPathComponent().path
    return try Invocation(
      "/bin/bash", ["-ec", "cd \"$0\"; PATH=\"$1:$PATH\"\n\(script)", folder, tools], folder: folder
    )
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
        "rumour/peer.py", "rumour/rumour.yaml", "rumour/views/rumour_hearings.sql",
        "rumour/checks/rumours-reach-everyone.sql", "watch/watcher.sh", "gossip/mixed.yaml",
      ]
      #expect(try shown.map(\.text) == files.map { try Page.text("examples/\($0)") })
    }

    @Test("has commands that do what it says", .enabled(if: hasPython))
    func commands() async throws {
      // All at once, each with logs of its own.
      let started = try Tutorial.scripts().map { script in
        let workspace = try Workspace.ofTheRepository()
        return (script: script, workspace: workspace, running: try workspace.startHere(script))
      }
      #expect(started.count == 6)
      for (script, workspace, running) in started {
        await running.end()
        let code = running.status ?? -1
        let isExcused = code == 2 && running.output.contains("overloaded")
        let expected: Int32 = script.contains("FANOUT=1") ? 1 : 0
        #expect(code == expected || isExcused, "\(script): \(running.output)\(running.errors)")
        #expect(workspace.processes.isEmpty)
        if script.contains("junit=report.xml") {
          #expect(FileManager.default.fileExists(atPath: "\(workspace.folder)/report.xml"))
        }
      }
      let first = started[0]
      let said = Set(
        first.running.output.split(separator: "\n").map { RecordedBlock.shape(String($0)) })
      for line in try #require(Tutorial.blocks().first { $0.language == "text" }).text
        .split(separator: "\n") where !line.hasPrefix("✓") || first.running.status == 0
      {
        #expect(said.contains(RecordedBlock.shape(String(line))), "\(line)")
      }
      #expect(try first.workspace.integer("SELECT count(*) FROM deaths WHERE back_t > gone_t") == 2)
      for words in ["rumour.heard", "rumour.started", "cause"] {
        #expect(first.running.output.contains(words))
      }
      let relayed = try #require(started.first { $0.script.contains("partition.yaml") })
      #expect(relayed.running.output.contains("relay.applied"), "\(relayed.running.output)")
    }
  }
}
