import Checks
import Foundation
import NetworkFolders
import Testing

@Suite("Check files") struct CheckFileTests {
  private static let header = [
    "-- check: mine", "-- promise: It holds.", "-- networks: gossip, kptp", "-- severity: warning",
    "-- witnesses: 3", "-- too-few: nothing happened",
  ]

  private func parse(_ lines: [String], file: String = "my/mine.sql") throws(CheckError) -> Check {
    try Check(parsing: lines.joined(separator: "\n") + "\n\nSELECT 1;\nSELECT 2;\n", file: file)
  }

  @Test("The header's lines are read, and the text is kept whole")
  func header() throws {
    let check = try parse(Self.header)
    #expect(check.name == "mine")
    #expect(check.promise == "It holds.")
    #expect(check.networks == ["gossip", "kptp"])
    #expect(check.judges("kptp") && !check.judges("kademlia"))
    #expect(check.severity == .warning)
    #expect(check.leastWitnesses == 3)
    #expect(check.tooFew == "nothing happened")
    #expect(check.text.hasPrefix("-- check: mine\n"))
    #expect(check.text.hasSuffix("SELECT 2;\n"))
  }

  @Test("A value may take several lines, and conditions are pairs of lines, as many as one likes")
  func conditions() throws {
    let check = try parse(
      Self.header + [
        "-- asked-if: 1", "-- not-asked: never", "-- asked-if: EXISTS (", "--   SELECT 1",
        "--     )",
        "-- not-asked: neither", "--   now nor then",
      ])
    #expect(check.conditions.map(\.askedIf.sql) == ["1", "EXISTS ( SELECT 1 )"])
    #expect(check.conditions.map(\.notAsked) == ["never", "neither now nor then"])
    #expect(check.conditions.map(\.askedIf.line) == [7, 9])
    #expect(try parse(Self.header).conditions.isEmpty)
  }

  @Test("A check for any network judges each")
  func anyNetwork() throws {
    var lines = Self.header
    lines[2] = "-- networks: any"
    #expect(try parse(lines).judges("kademlia"))
  }

  @Test("What follows an empty line is no header")
  func commentsBelow() throws {
    #expect(try parse(Self.header + ["", "-- colour: none"]).name == "mine")
  }

  @Test("Lines may end as they do on Windows")
  func carriageReturns() throws {
    let check = try Check(
      parsing: Self.header.joined(separator: "\r\n") + "\r\n\r\nSELECT 1;\r\nSELECT 2;\r\n",
      file: "my/mine.sql")
    #expect(check.name == "mine")
    #expect(check.leastWitnesses == (try parse(Self.header)).leastWitnesses)
  }

  @Test(
    "A mistake in the header is named with its file and line",
    arguments: [
      (
        0, "-- check: yours",
        "1: the check is called 'yours', but its file 'mine.sql': write '-- check: mine', or call the "
          + "file yours.sql"
      ),
      (1, "-- promise:", "2: 'promise' has no value"),
      (1, "-- severity: error", "4: 'severity' stands here twice"),
      (
        2, "-- network: gossip",
        "3: unknown key 'network' (did you mean 'networks'?); allowed here: check, promise, "
          + "networks, severity, witnesses, too-few, expected, asked-if, not-asked"
      ),
      (3, "-- severity: fatal", "4: unknown severity 'fatal'; there are: error, warning"),
      (4, "-- witnesses: 0", "5: '0' is not the least number of witnesses, from 1"),
      (4, "-- witnesses: few", "5: 'few' is not the least number of witnesses, from 1"),
      (5, "-- just a remark", "6: this is no '-- KEY: VALUE'; an empty line ends the header"),
      (4, "-- too-few: x", "6: 'too-few' stands here twice"),
      (4, "", "1: the header has no '-- witnesses: …'"),
      (5, "-- asked-if: 1", "6: 'asked-if' and 'not-asked' come in pairs, in this order"),
      (5, "-- not-asked: x", "6: 'asked-if' and 'not-asked' come in pairs, in this order"),
      (
        5, "-- asked-if: 1\n-- asked-if: 1\n-- not-asked: x\n-- not-asked: x",
        "7: 'asked-if' and 'not-asked' come in pairs, in this order"
      ),
    ])
  func mistakes(index: Int, line: String, message: String) {
    var lines = Self.header
    lines[index] = line
    #expect(throws: CheckError("my/mine.sql:\(message)")) { try parse(lines) }
  }
}

@Suite("The library of checks") struct CheckLibraryTests {
  private let folder = TemporaryFolder()

  private func library() throws -> CheckLibrary { CheckLibrary(try NetworkFolders([folder.path])) }

  private func add(_ path: String, networks: String = "gossip") throws {
    let name = path.split(separator: "/").last.map { String($0.dropLast(4)) } ?? ""
    try folder.write(
      """
      -- check: \(name)
      -- promise: It holds.
      -- networks: \(networks)
      -- severity: error
      -- witnesses: 1

      SELECT 1 WHERE false; SELECT 1;
      """, to: path)
  }

  @Test("Without names it gives every check of the network, in order")
  func all() throws {
    try add("gossip/checks/b.sql")
    try add("gossip/checks/a.sql")
    try add("kptp/checks/c.sql", networks: "kptp")
    try folder.write("not a check", to: "gossip/checks/README.md")
    let library = try library()
    #expect(library.names(of: "gossip") == ["a", "b"])
    #expect(try library.checks(network: "gossip").map(\.name) == ["a", "b"])
    #expect(throws: CheckError.self) { try library.checks(network: "absent") }
    #expect(try library.checks([], network: "gossip") == [])
  }

  @Test("Names and files can be mixed")
  func mixed() throws {
    try add("gossip/checks/a.sql")
    try add("own/mine.sql", networks: "any")
    let checks = try library()
      .checks(["\(folder.path)/own/mine.sql", "a"], network: "gossip")
    #expect(checks.map(\.name) == ["mine", "a"])
  }

  @Test("An unknown name, a missing file, another network's check and a repeated one are refused")
  func refusals() throws {
    try add("gossip/checks/dead.sql")
    try add("own/dead.sql")
    try add("own/other.sql", networks: "kptp, kademlia")
    let library = try library()
    let own = "\(folder.path)/own"
    func refuse(_ references: [String], _ message: String) {
      #expect(throws: CheckError(message)) {
        try library.checks(references, network: "gossip")
      }
    }
    refuse(
      ["deed"],
      "unknown check 'deed' (did you mean 'dead'?); \(folder.path)/gossip has: dead"
    )
    refuse(["\(own)/none.sql"], "\(own)/none.sql: cannot be read: No such file or directory")
    refuse(
      ["\(own)/other.sql"],
      "\(own)/other.sql: this check is for kptp, kademlia, and the run is of the network gossip")
    refuse(["dead", "\(own)/dead.sql"], "\(own)/dead.sql: there are two checks called 'dead'")
  }

  @Test("A folder that is not there is refused")
  func noFolder() {
    #expect(
      throws: NetworkFileError("/nowhere: there is no such folder: give a folder of networks")
    ) { try NetworkFolders(["/nowhere"]) }
  }

  @Test("A file that is not text is refused")
  func notText() throws {
    try add("gossip/checks/a.sql")
    let file = "\(folder.path)/gossip/checks/a.sql"
    try Data([0xff, 0xfe]).write(to: URL(filePath: file))
    #expect(throws: CheckError("\(file): not UTF-8 text")) {
      try library().checks(network: "gossip")
    }
  }
}

/// A folder that is removed with the test.
final class TemporaryFolder {
  let path = FileManager.default.temporaryDirectory
    .appending(path: "seedbed-checks-\(UUID().uuidString)").path

  func write(_ text: String, to file: String) throws {
    let place = URL(filePath: "\(path)/\(file)")
    try FileManager.default.createDirectory(
      at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: place)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }
}
