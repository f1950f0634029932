import Checks
import Foundation
import NetworkFolders
import Testing

/// What a network's README says that it promises, held against its checks and topologies.
@Suite("Tables of promises") struct PromiseTableTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// A row: a sentence of the network's specification.
  struct Promise: CustomStringConvertible {
    var text: String
    var source: String
    /// `nil`: nothing sees it.
    var check: String?
    var topologies: [String]
    var witness: String

    var description: String { text }
  }

  /// The rows below `## What it promises`.
  private func promises(of network: String) throws -> [Promise] {
    let file = Self.root.appending(path: "networks/\(network)/README.md")
    let lines = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n")
    let section = lines.drop { $0 != "## What it promises" }.dropFirst().prefix {
      !$0.hasPrefix("## ")
    }
    let rows = section.filter { $0.hasPrefix("| ") }
    #expect(rows.first == "| Promise | Source | Check | Provoked by | Witness |")
    return rows.dropFirst().map { row in
      let cells = row.dropFirst(2).dropLast(2).components(separatedBy: " | ")
      #expect(cells.count == 5, "\(network): \(row)")
      let isSeen = cells[2] != "none"
      return Promise(
        text: cells[0], source: cells[1], check: isSeen ? Self.names(in: cells[2]).first : nil,
        topologies: isSeen ? Self.names(in: cells[3]) : [], witness: cells[4])
    }
  }

  /// What stands in backquotes.
  private static func names(in cell: String) -> [String] {
    cell.split(separator: "`", omittingEmptySubsequences: false).enumerated()
      .filter { $0.offset % 2 == 1 }.map { String($0.element) }
  }

  @Test(
    "Each promise has a check that a topology asks, and each check stands for one",
    arguments: NetworkFolders.shipped.map(\.name))
  func held(network: String) throws {
    let promises = try promises(of: network)
    let known = CheckLibrary().names(of: network)
    #expect(Set(promises.compactMap(\.check)) == Set(known), "\(network)")
    for promise in promises {
      #expect(![promise.text, promise.source, promise.witness].contains(""), "\(promise)")
      guard let check = promise.check else { continue }
      #expect(!promise.topologies.isEmpty, "\(promise): provoked by nothing")
      for topology in promise.topologies {
        let file = Self.root.appending(path: "topologies/\(topology).yaml")
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(text.contains("network: \(network)\n"), "\(topology)")
        #expect(
          !text.contains("\nchecks:") || text.contains("- \(check)\n"),
          "\(topology) does not ask \(check)")
      }
    }
  }
}
