import Checks
import Foundation
import FoundationXML
import History
import Testing

@Suite("Reports for other programs") struct ReportTests {
  /// What no format may stumble over.
  private static let nasty = "<a & \"b\"> | `c` # %d ::error::\u{1b}[31m\u{0}\u{fffe} ☃\r\n]]>"

  private func check(
    _ name: String, _ sql: String, severity: Check.Severity = .error, isAsked: Bool = true
  ) throws -> Check {
    let header =
      [
        "check: \(name)", "promise: It holds & <holds>.", "networks: any", "severity: \(severity)",
        "witnesses: 1", "too-few: nothing happened",
      ] + (isAsked ? [] : ["asked-if: 0", "not-asked: nobody # dies"])
    return try Check(
      parsing: header.map { "-- \($0)\n" }.joined() + "\n" + sql, file: "\(name).sql")
  }

  private let story = Story()

  /// One check of each outcome, and so many more that fail.
  func report(failing others: Int = 0) throws -> Report {
    let violated =
      "SELECT 'peer-1' AS node, 1.5 AS at_s, x'3c' || '\(Self.nasty.filter { $0 != "\0" })' AS what; SELECT 1;"
    let checks = [
      try check("holds", "SELECT 1 WHERE false; SELECT 3;"),
      try check("fails", violated),
      try check("warns", violated, severity: .warning),
      try check("judged-nothing", "SELECT 1 WHERE false; SELECT 0;"),
      try check("is-broken", "SELECT nowhere; SELECT 1;"),
      try check("not-asked", "SELECT 1 WHERE false; SELECT 0;", isAsked: false),
    ]
    let more = try (0..<others).map { try check("fails-\($0)", violated) }
    let judge = try Judge(story.collected(), run: 1)
    return try judge.report(judge.judge(checks + more))
  }

  @Test("JUnit's XML is well-formed, counts, and tells an inconclusive check from a failed one")
  func junit() throws {
    let text = try report().text(.junit)
    let reader = XMLReader()
    let parser = XMLParser(data: Data(text.utf8))
    parser.delegate = reader
    #expect(parser.parse(), "\(String(describing: parser.parserError))")
    let suite = try #require(reader.elements.first { $0.name == "testsuite" })
    #expect(suite.attributes["tests"] == "6")
    #expect(suite.attributes["failures"] == "1")
    #expect(suite.attributes["errors"] == "1")
    #expect(suite.attributes["skipped"] == "2")
    #expect(suite.attributes["timestamp"]?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/) != nil)
    let cases = reader.elements.filter { $0.name == "testcase" }.map { $0.attributes["name"] }
    #expect(cases == ["holds", "fails", "warns", "judged-nothing", "is-broken", "not-asked"])
    let results = reader.elements.map(\.name).filter {
      ["failure", "error", "skipped", "system-out"].contains($0)
    }
    #expect(results == ["failure", "system-out", "skipped", "error", "skipped"])
    let skipped = reader.elements.filter { $0.name == "skipped" }.map { $0.attributes["message"] }
    #expect(skipped.last == "not asked: nobody # dies")
    #expect(reader.text.contains("☃") && reader.text.contains("It holds & <holds>."))
    #expect(reader.text.contains("peer-1"))
  }

  @Test("TAP has a point for each check: a skip for what was not judged, a todo for a warning")
  func tap() throws {
    let lines = try report().text(.tap).split(separator: "\n")
    #expect(lines.prefix(2) == ["TAP version 14", "1..6"])
    let points = lines.filter { $0.hasPrefix("ok") || $0.hasPrefix("not ok") }.map { line in
      String(line.prefix { $0 != "#" })
        + (line.split(separator: "#").dropFirst().first.map { "#" + $0.prefix(5) } ?? "")
    }
    #expect(
      points == [
        "ok 1 - holds", "not ok 2 - fails", "not ok 3 - warns # TODO",
        "ok 4 - judged-nothing # SKIP",
        "not ok 5 - is-broken", "ok 6 - not-asked # SKIP",
      ])
    #expect(lines.contains("ok 6 - not-asked # SKIP not asked: nobody \\# dies"))
    // The rest is blocks of YAML, indented, one JSON text to a line.
    let rest = lines.dropFirst(2).filter {
      !$0.hasPrefix("ok") && !$0.hasPrefix("not ok") && !$0.hasPrefix("#")
    }
    #expect(rest.count > 10)
    for line in rest {
      let known = ["  ---", "  ...", "  lines:"].contains(String(line))
      let value = line.hasPrefix("    - ") ? line.dropFirst(6) : line.dropFirst("  message: ".count)
      #expect(
        known
          || (try? JSONSerialization.jsonObject(with: Data(value.utf8), options: .fragmentsAllowed))
            is String,
        "\(line)")
    }
  }

  @Test("GitHub gets one line for each annotation, ten of a level at most, and a count")
  func github() throws {
    for others in [0, 8, 9, 30] {
      let lines = try report(failing: others).text(.github)
        .split(separator: "\n", omittingEmptySubsequences: false).dropLast()
      let errors = lines.filter { $0.hasPrefix("::error file=") }
      // Broken and failed ones are errors.
      #expect(errors.count == min(10, others + 2))
      #expect(lines.count { $0.hasPrefix("::warning file=") } == 2)
      #expect(lines.last?.hasPrefix("::notice ") == true)
      #expect(lines.last?.contains("::1 passed, \(1 + others) failed, ") == true)
      #expect(lines.last?.contains("1 not asked: run ") == true)
      #expect(lines.last?.contains("%0Anot-asked: not asked: nobody # dies") == true)
      #expect(lines.count == errors.count + 3)
      if others == 30 { #expect(errors.last?.contains("fails-29") == true) }
      for line in lines { #expect(!line.unicodeScalars.contains("\r"), "\(line)") }
    }
  }

  @Test("Markdown has a row for each check, and stays within what a comment takes")
  func markdown() throws {
    let text = try report(failing: 400).text(.markdown)
    let rows = text.split(separator: "\n").filter { $0.hasPrefix("| ") }
    #expect(rows.count == 407)
    for row in rows.dropFirst() {
      let bars = row.replacing("\\|", with: "").count { $0 == "|" }
      #expect(bars == 5, "\(row)")
    }
    #expect(text.utf8.count <= 62_000)
    #expect(text.contains("There is more than fits"))
    #expect(try report().text(.markdown).contains("<details><summary><code>fails</code>"))
    #expect(
      try report().text(.markdown).contains("| – | `not-asked` | not asked | nobody # dies |"))
  }
}

/// What reads reports elsewhere, where it is installed.
@Suite(
  "Reports as others read them",
  .enabled(if: Readers.areInstalled, "scripts/install-report-readers.sh installs them"))
struct ReportReaderTests {
  @Test("JUnit's XML is valid by the schema of Jenkins' plugin, and has what GitLab shows")
  func junit() throws {
    let file = try Readers.file("report.xml", ReportTests().report(failing: 3).text(.junit))
    let xmllint = try Readers.run(
      "/usr/bin/xmllint", ["--noout", "--schema", "\(Readers.folder)/junit-10.xsd", file])
    #expect(xmllint.status == 0, "\(xmllint.output)")
    let read = try Readers.python(
      """
      import junitparser, sys
      for suite in junitparser.JUnitXml.fromfile(sys.argv[1]):
        for case in suite:
          print(case.classname, case.name, *[type(r).__name__ for r in case.result])
      """, file)
    #expect(
      read.prefix(5) == [
        "seedbed.gossip holds", "seedbed.gossip fails Failure", "seedbed.gossip warns",
        "seedbed.gossip judged-nothing Skipped", "seedbed.gossip is-broken Error",
      ])
    #expect(read[5] == "seedbed.gossip not-asked Skipped")
    #expect(read.count == 9)
  }

  @Test("TAP 14 is read by tap.py, with the blocks of YAML")
  func tap() throws {
    let file = try Readers.file("report.tap", ReportTests().report().text(.tap))
    let read = try Readers.python(
      """
      import tap.parser, sys
      for line in tap.parser.Parser().parse_file(sys.argv[1]):
        if line.category == 'test':
          print(line.ok, line.description, line.todo, line.skip, sorted(line.yaml_block or {}))
        else: assert line.category in ('version', 'plan', 'diagnostic'), line.category
      """, file)
    let block = "['lines', 'message']"
    #expect(
      read == [
        "True - holds False False []", "False - fails False False \(block)",
        "False - warns True False \(block)", "True - judged-nothing False True \(block)",
        "False - is-broken False False \(block)", "True - not-asked False True \(block)",
      ])
  }
}

private enum Readers {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: ".build/report-readers").path

  static var areInstalled: Bool {
    ["\(folder)/junit-10.xsd", "\(folder)/python/tap", "/usr/bin/xmllint"]
      .allSatisfy(FileManager.default.fileExists)
  }

  static func file(_ name: String, _ text: String) throws -> String {
    let path = "\(NSTemporaryDirectory())/seedbed-\(UUID().uuidString)-\(name)"
    try Data(text.utf8).write(to: URL(filePath: path))
    return path
  }

  static func run(
    _ executable: String, _ arguments: [String]
  ) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(filePath: executable)
    process.arguments = arguments
    process.environment = ["PYTHONPATH": "\(folder)/python", "PATH": "/usr/bin:/bin"]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }

  /// The lines that a script prints of a file, which it removes.
  static func python(_ script: String, _ file: String) throws -> [String] {
    let result = try run("/usr/bin/env", ["python3", "-c", script, file])
    try FileManager.default.removeItem(atPath: file)
    #expect(result.status == 0, "\(result.output)")
    return result.output.split(separator: "\n").map(String.init)
  }
}

/// Keeps the elements and all text.
private final class XMLReader: NSObject, XMLParserDelegate {
  var elements: [(name: String, attributes: [String: String])] = []
  var text = ""

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
    qualifiedName: String?, attributes: [String: String]
  ) {
    elements.append((name, attributes))
  }

  func parser(_ parser: XMLParser, foundCharacters text: String) { self.text += text }
}
