import Checks
import Foundation
import History
import NetworkFolders
import Participants
import Testing

@Suite("The documentation of checks") struct DocumentationTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  private static let file = root.appending(path: "docs/CHECKS.md")

  @Test("docs/CHECKS.md lists every check that comes with Seedbed")
  func listed() throws {
    var list = ""
    for network in NetworkFolders.shipped.map(\.name) {
      list +=
        "\n### \(network)\n\n| check | promise | witnesses | inconclusive when | not asked where |\n"
        + "|---|---|---|---|---|\n"
      for check in try CheckLibrary().checks(network: network) {
        list +=
          "| `\(check.name)` | \(check.promise) | \(check.leastWitnesses) or more | \(check.tooFew) "
          + "| \(check.conditions.map(\.notAsked).joined(separator: ", or ")) |\n"
      }
    }
    let document = try String(contentsOf: Self.file, encoding: .utf8)
    let parts = document.split(separator: "-->\n", maxSplits: 1)
    let end = try #require(parts.last?.range(of: "<!-- /Generated"))
    let recorded = "\(parts[0])-->\n\(list)\n\(parts[1][end.lowerBound...])"
    if ProcessInfo.processInfo.environment["SEEDBED_RECORD"] == "1" {
      try Data(recorded.utf8).write(to: Self.file)
    } else {
      #expect(document == recorded, "record it again with SEEDBED_RECORD=1")
    }
  }

  @Test("The example in docs/CHECKS.md is a check that works")
  func example() throws {
    let document = try String(contentsOf: Self.file, encoding: .utf8)
    let start = try #require(document.range(of: "```sql\n"))
    let end = try #require(document[start.upperBound...].range(of: "```"))
    let check = try Check(
      parsing: String(document[start.upperBound..<end.lowerBound]), file: "nobody-garbles.sql")
    let story = Story()
    #expect(try Judge(story.collected(), run: 1).judge(check).reason == "5 witnesses")
    story.say("peer-1", "message.rejected", at: 4, peer: "peer-2", ["reason": "x", "bytes": 1])
    let judgement = try Judge(story.collected(), run: 1).judge(check)
    #expect(judgement.verdict == .fail)
    #expect(judgement.column("rejected_s") == ["4.0"])
  }

  @Test("Every view names its columns as its query gives them, the run first")
  func views() throws {
    let story = Story()
    defer { withExtendedLifetime(story) {} }
    let history = try ReadOnlyHistory(story.collected(), run: 1)
    for view in history.views.all {
      #expect(view.columns.first?.name == "run")
      let statement = try history.database.prepare(view.body)
      #expect(statement.columnNames == view.columns.map(\.name), "\(view.name)")
    }
  }
}
