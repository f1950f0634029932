import Networks
import Participants
import Patterns
import Testing
import Topology

@Suite struct `The reference of topology files` {
  private static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    .dropLast(3).joined(separator: "/")
  private static let path = root + "/docs/TOPOLOGY.md"

  private static let checks = ["dead-nodes-are-reported", "gossip-reaches-every-live-peer"]

  /// The texts between lines of three backticks, with the word after the first of them.
  private func blocks(_ language: String) throws -> [String] {
    let lines = try TopologyFile(reading: Self.path).text
      .split(separator: "\n", omittingEmptySubsequences: false)
    let fences = lines.indices.filter { lines[$0].hasPrefix("```") }
    let starts = stride(from: 0, to: fences.count - 1, by: 2)
    return starts.filter { lines[fences[$0]] == "```" + language }.map { start in
      lines[(fences[start] + 1)..<fences[start + 1]].joined(separator: "\n")
    }
  }

  @Test func `has examples that are valid`() throws {
    let examples = try blocks("yaml")
    #expect(examples.count == 13)
    for text in examples {
      // Beside a file that some of them name.
      let file = TopologyFile(path: Self.root + "/examples/rumour/example", text: text)
      _ = try Topology(file, roles: Networks.roles, checks: { _ in Self.checks })
    }
  }

  @Test func `has changes that fit its first example`() throws {
    let changes = try blocks("sh").joined(separator: "\n").split(separator: " --set ").dropFirst()
      .map { $0.prefix { $0 != "\n" } }
      .map { $0.hasPrefix("'") ? $0.dropFirst().prefix { $0 != "'" } : $0.prefix { $0 != " " } }
    #expect(changes.count == 5)
    let file = TopologyFile(path: "example", text: try #require(blocks("yaml").first))
    _ = try Topology(
      file, overrides: changes.map(String.init), roles: Networks.roles, checks: { _ in Self.checks }
    )
  }

  @Test func `has the defaults of the network model`() throws {
    let model = NetworkModel()
    let text = try TopologyFile(reading: Self.path).text
    #expect(model.latency == .constant(.milliseconds(2)) && text.contains("| `latency` | `2ms` |"))
    #expect(text.contains("| `jitter` | `\(model.jitter)` |"))
    #expect(text.contains("by `\(model.stallFor)` where `for` is left out"))
    #expect(model.cut == .random && text.contains("`random`, the default"))
    #expect(text.contains("| `clock-skew` | `\(model.clockSkew)` |"))
    #expect(text.contains("| `start-delay` | `\(model.startDelay)` |"))
    #expect(model.bandwidth == nil && text.contains("| `bandwidth` | unlimited |"))
    let rates = [
      model.datagramLoss, model.datagramDuplication, model.datagramReordering, model.stallRate,
      model.resetRate,
    ]
    #expect(rates.allSatisfy { $0 == 0 })
  }

  private func grouped(_ number: Int) -> String {
    "\(number / 1_000)," + "\(number % 1_000 + 1_000)".dropFirst()
  }

  @Test func `names the limits that the code has`() throws {
    let text = try TopologyFile(reading: Self.path).text
    for limit in [
      "1 to \(Topology.mostGroups) groups", "1ms to \(Topology.latestStop)",
      "in lower case, \(Topology.longestGroupName) at most", "up to \(Topology.longestWait)",
      "larger than \(TopologyFile.largest >> 20) MiB",
      "more than \(grouped(Event.longestLine)) bytes",
      "more than \(grouped(Int(Pattern.mostSteps))) steps",
      "a file of \(grouped(Program.longestText)) bytes at most",
    ] {
      #expect(text.contains(limit), "\(limit)")
    }
    #expect(
      Topology.mostNodes == 20_000 && text.contains("20,000 in all groups together")
        && Topology.mostSimulatedNodes == 200_000
        && text.contains("200,000 where they are simulated"))
    #expect(Topology.mostFaults == 10_000 && text.contains("10,000 at most"))
  }
}
