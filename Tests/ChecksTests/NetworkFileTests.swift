import Checks
import Foundation
import History
import NetworkFolders
import Testing

/// The SQL of what came with Seedbed, and of the examples.
@Suite("The SQL files of networks") struct NetworkFileTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  /// Networks that did not come with Seedbed.
  private static let examples = ["rumour", "watch/gossip"].map {
    NetworkFolder("\(root)/examples/\($0)")
  }
  private static let shared = NetworkFolder("\(root)/networks/\(NetworkFolders.sharedName)")
  private static let folders = NetworkFolders.shipped + examples + [shared]

  @Test("are taken by SQLite, with the columns that their headers say", arguments: folders)
  func valid(folder: NetworkFolder) throws {
    let isExample = Self.examples.contains(folder)
    let history = try ReadOnlyHistory.empty(isExample ? folder : nil)
    for view in try Views.read(folder) { try view.check(in: history.database) }
    if !folder.names(of: .checks).isEmpty {
      try history.check(CheckLibrary().checks(network: folder.name, folder: folder))
    }
    for measure in try Measure.all(of: folder) {
      #expect(try history.database.prepare(measure.sql).columnCount == 1, "\(measure.name)")
    }
  }

  @Test("are of one form", arguments: folders)
  func form(folder: NetworkFolder) throws {
    for part in NetworkFolder.Part.allCases {
      for (file, text) in try folder.texts(of: part) {
        #expect(Self.misfits(in: text) == [], "\(file)")
      }
    }
  }

  @Test("The rule of form finds what is against it")
  func rule() {
    #expect(Self.misfits(in: "-- view: a\n\nSELECT 1;\n\nSELECT 2;\n").isEmpty)
    for (text, misfit) in [
      ("-- view: a\nSELECT 1;\n", "an empty line after the header"),
      ("-- view: a\n\nselect 1;\n", "line 3: 'select' in capitals"),
      ("-- view: a\n\nSELECT 1 \n;\n", "line 3: a space at the end"),
      ("-- view: a\n\nSELECT\n   1;\n", "line 4: two spaces for each level"),
      ("-- view: a\n\nSELECT 1\n", "a ';' and a newline at the end"),
      ("-- view: a\n\nSELECT 1;", "a ';' and a newline at the end"),
      ("-- view: a\n\nSELECT 1;\nSELECT 2;\n", "line 4: an empty line before a statement"),
      ("-- view: a\n\nSELECT \(String(repeating: "1", count: 100));\n", "line 3: 100 columns"),
      ("-- view: a\n\n\nSELECT 1;\n", "line 3: one empty line"),
    ] {
      #expect(Self.misfits(in: text) == [misfit], "\(text)")
    }
  }

  private static let keywords: Set = [
    "select", "from", "where", "and", "or", "not", "in", "is", "null", "as", "on", "join", "left",
    "with", "recursive", "materialized", "union", "all", "group", "by", "order", "having", "case",
    "when", "then", "else", "end", "exists", "between", "over", "partition", "window", "filter",
    "distinct", "limit", "values", "desc", "rows", "preceding", "unbounded",
  ]

  /// What is against the rule in CONTRIBUTING.md.
  private static func misfits(in text: String) -> [String] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var misfits: [String] = []
    let header = lines.prefix { $0.hasPrefix("--") }.count
    if header < lines.count, !lines[header].isEmpty {
      misfits.append("an empty line after the header")
    }
    if !text.hasSuffix(";\n") { misfits.append("a ';' and a newline at the end") }
    for (index, line) in lines.enumerated() {
      let place = "line \(index + 1): "
      if line.count > 100 { misfits.append(place + "100 columns") }
      if line.last == " " { misfits.append(place + "a space at the end") }
      if line.prefix(while: { $0 == " " }).count % 2 == 1 || line.contains("\t") {
        misfits.append(place + "two spaces for each level")
      }
      let isLast = index == lines.count - 1
      if line.isEmpty, !isLast, index > 0, lines[index - 1].isEmpty, index + 1 < lines.count {
        misfits.append(place + "one empty line")
      }
      guard index > header else { continue }
      if lines[index - 1].hasSuffix(";"), !lines[index - 1].hasPrefix("--"), !line.isEmpty {
        misfits.append(place + "an empty line before a statement")
      }
      // What is no comment, text or quoted name, and no table's own column.
      let code = line.prefix(upTo: line.firstRange(of: "--")?.lowerBound ?? line.endIndex)
        .replacing(/'[^']*'|"[^"]*"/, with: "")
      for word in code.split(whereSeparator: { !$0.isLetter && $0 != "_" && $0 != "." })
      where keywords.contains(String(word)) && !["rows", "by", "end"].contains(word) {
        misfits.append(place + "'\(word)' in capitals")
      }
    }
    return misfits
  }
}
