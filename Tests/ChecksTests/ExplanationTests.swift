import Checks
import History
import NetworkFolders
import Testing

@Suite("Why a check says what it says") struct ExplanationTests {
  private func explanation(of check: String, _ story: Story) throws -> String {
    let judge = try Judge(story.collected(), run: 1)
    let checks = try CheckLibrary().checks([check], network: judge.network)
    return try judge.explanation(of: judge.judge(checks[0]))
  }

  @Test("It names the deadlines with what they come from, and whom it could not judge")
  func tooEarly() throws {
    // The run ends before the death has to be reported.
    let story = Story(stop: 11)
    story.fell("peer-5", at: 10)
    let text = try explanation(of: "dead-nodes-are-reported", story)
    #expect(text.contains("verdict     inconclusive: 0 of at least 1 witness"), "\(text)")
    #expect(text.contains("report_within = 4000000: m i + max(i, a) + a + 1 s"), "\(text)")
    #expect(text.contains("0 of 2 rows could be judged (judged)"), "\(text)")
    #expect(text.contains("peer-5"), "\(text)")
    #expect(text.contains("asked-if    1: EXISTS (SELECT 1 FROM planned_deaths"), "\(text)")
  }

  @Test("It says how long each part takes, of this network's views alone")
  func parts() throws {
    let text = try explanation(of: "dead-nodes-are-reported", .ofOneDeath())
    let parts = text.split(separator: "\n").reversed().prefix { $0.hasPrefix("  ") }
      .map { $0.split(separator: " ").map(String.init) }
    #expect(parts.allSatisfy { $0.count == 2 && Double($0[1]) != nil }, "\(text)")
    let names = parts.map { $0[0] }
    for name in ["violations", "witnesses", "dead_node_duties", "deaths"] {
      #expect(names.contains(name), "\(text)")
    }
    // A view of the peer exchange, and a column here.
    #expect(!names.contains("neighbours"))
  }
}
