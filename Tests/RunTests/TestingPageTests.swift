import Foundation
import SeedbedTesting
import Testing

extension RunTests {
  @Suite("docs/TESTING.md")
  struct TestingPageTests {
    /// The page's example.
    @Test func theDeadAreReported() async throws {
      try await withNetwork(
        .file("topologies/gossip.yaml"), seed: 7, set: ["faults=[]", "stop.at=1h"]
      ) { network in
        try await network.wait(
          until: "SELECT count(*) FROM links WHERE peer_node = 'peer-3' AND closed_t IS NULL")
        try await network.fault("kill", "peer-3")
        try await network.wait(
          until: "SELECT count(*) FROM dead_node_duties WHERE dead = 'peer-3' AND fulfilled")
        #expect(try await network.integer("SELECT count(*) FROM nodes") == 35)
        try await network.requireChecks("dead-nodes-are-reported")
      }
    }

    @Test("shows a test that is run")
    func swift() throws {
      let blocks = try Page.blocks("docs/TESTING.md").filter { $0.language == "swift" }
      let example = try #require(blocks.first?.text)
      let source = try String(contentsOfFile: #filePath, encoding: .utf8)
      for line in example.split(separator: "\n") where !line.hasPrefix("import") {
        #expect(source.contains("\n    \(line)\n"), "\(line)")
      }
      #expect(example.contains("@Test func theDeadAreReported"))
    }

    @Test("has a script that does what it says")
    func script() async throws {
      let script = try #require(
        Page.blocks("docs/TESTING.md").first { $0.language == "sh" && $0.text.contains("$run") }
      ).text
      let workspace = try Workspace.ofTheRepository()
      let running = try workspace.startHere(script)
      await running.end()
      #expect(running.status == 0, "\(running.output)\(running.errors)")
      #expect(FileManager.default.fileExists(atPath: "\(workspace.folder)/report.xml"))
      #expect(workspace.processes.isEmpty)
    }
  }
}
