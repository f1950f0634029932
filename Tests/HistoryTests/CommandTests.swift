import Foundation
import History
import Testing

/// The executable as people use it: what it prints and ends with.
@Suite(.serialized) struct CommandTests {
  private let run: FakeRun

  init() throws {
    run = try FakeRun(nodes: ["peer-1"])
    try run.log("supervisor", "run.began")
    try run.log("peer-1", "link.opened", #""peer":"h:1","direction":"dialled""#)
    try run.append("garbage\n{\"t\":1", to: "peer-1")
  }

  /// `seedbed` beside the tests, with a history of its own.
  static func start(
    _ arguments: [String], history: String, output: Any? = FileHandle.nullDevice,
    errors: Any? = FileHandle.nullDevice, input: Any? = FileHandle.nullDevice
  ) throws -> Process {
    let process = Process()
    process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent().appending(path: "seedbed")
    process.arguments = arguments + ["--history", history]
    process.standardInput = input
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    return process
  }

  /// Its exit code and all that it printed, the errors last.
  private func seedbed(
    _ arguments: [String], input: String = "/dev/null"
  ) throws -> (code: Int32, text: String) {
    let file = "\(run.path)/../output"
    try Data().write(to: URL(filePath: file))
    let handle = try FileHandle(forWritingTo: URL(filePath: file))
    let process = try Self.start(
      arguments, history: run.history, output: handle, errors: handle,
      input: FileHandle(forReadingAtPath: input))
    process.waitUntilExit()
    return (process.terminationStatus, try String(contentsOf: URL(filePath: file), encoding: .utf8))
  }

  @Test("a folder is collected, listed, shown, queried and printed")
  func wholePath() throws {
    let name = "20261120-060000-gossip-0a1b"
    var (code, text) = try seedbed(["collect", run.path])
    #expect(code == 0)
    #expect(
      text == """
        run 1 (\(name)): 2 new events, 1 remark in rejected_lines
        peer-1: 6 bytes of an incomplete line wait for its end

        """)
    (code, text) = try seedbed(["runs", "--format", "csv"])
    #expect(code == 0)
    #expect(
      text == "run,name,network,driver,nodes,faults,seconds,outcome,checks,date,topology,seed\n"
        + "1,\(name),gossip,live,1,0,,unfinished,none,2026-11-20 06:00,gossip.yaml,42\n")
    (code, text) = try seedbed(["runs"])
    #expect(
      text == """
        run  date              topology     driver  seed  nodes  result
        ---  ----------------  -----------  ------  ----  -----  ----------
          1  2026-11-20 06:00  gossip.yaml  live      42      1  unfinished

        """)
    (code, text) = try seedbed(["show"])
    #expect(code == 0)
    #expect(text.contains("run          1 (\(name))\n"))
    #expect(text.contains("\nlasted       unknown: it has no end\n"), "\(text)")
    #expect(text.contains("\nRejected lines\nnode    lines  reason\n"))
    (code, text) = try seedbed(["query", "SELECT n, peer FROM events WHERE node = 'peer-1'"])
    #expect(code == 0)
    #expect(text == "n  peer\n-  ----\n1  h:1\n")
    (code, text) = try seedbed(["logs", "last", "peer-1", "--kind", "link"])
    #expect(code == 0)
    #expect(text.hasSuffix(#""kind":"link.opened","peer":"h:1","direction":"dialled"}"# + "\n"))
  }

  @Test(
    "a statement may be on the command line, in a file or on standard input, and have no header")
  func statements() throws {
    #expect(try seedbed(["collect", run.path]).code == 0)
    let sql = "-- of peers\nSELECT node, NULL AS x FROM events WHERE node LIKE 'peer%';\n"
    let file = "\(run.path)/../statement.sql"
    try Data(sql.utf8).write(to: URL(filePath: file))
    for (words, input) in [(["\n" + sql], nil), (["--file", file], nil), (["-"], file)] {
      let (code, text) = try seedbed(
        ["query", "--format", "csv", "--no-header"] + words, input: input ?? "/dev/null")
      #expect(code == 0 && text == "peer-1,\n", "\(text)")
    }
    let refused: [([String], String)] = [
      (["query"], "missing SQL: one statement, '-' or --file\n"),
      (["query", "SELECT 1", "--file", file], "SQL and --file: give one of them\n"),
      (["query", "--file", "\(file).gone"], ".gone: cannot be read: No such file or directory\n"),
      (["query", "--file", run.path], ": cannot be read: Is a directory\n"),
      (["query", "-"], "there is no statement here\n"),
      (
        ["query", "SELECT 1", "--format", "json", "--no-header"],
        "--no-header is for the formats table, csv and csv-crlf, not json\n"
      ),
    ]
    for (arguments, message) in refused {
      let (code, text) = try seedbed(arguments)
      #expect(code == 64 && text.contains(message), "\(arguments): \(text)")
    }
  }

  @Test("input that cannot be used ends with 64 and says why")
  func badInput() throws {
    let arguments: [([String], String)] = [
      (["runs"], "there are no runs yet: there is no \(run.history). "),
      (["collect", "absent"], "absent: there is no such folder: "),
      (
        ["show", "--logs", "absent"],
        "there are no runs yet: there is no \(run.history). 'seedbed run --logs absent --history "
          + "\(run.history)' makes one"
      ),
    ]
    for (arguments, message) in arguments {
      let (code, text) = try seedbed(arguments)
      #expect(code == 64)
      #expect(text.hasPrefix("seedbed: ") && text.contains(message), "\(text)")
    }
    #expect(try seedbed(["collect", run.path]).code == 0)
    let statements = [
      "SELEC 1": "near \"SELEC\": syntax error\n  SELEC 1\n  ^\n",
      "DELETE FROM events": "is refused",
      "SELECT 1; SELECT 2": "more than one statement",
      "SELECT x FROM nowhere": "no such table: nowhere",
      "": "no statement",
    ]
    for (sql, message) in statements {
      let (code, text) = try seedbed(["query", sql])
      #expect(code == 64)
      #expect(text.hasPrefix("seedbed: ") && text.contains(message), "\(sql): \(text)")
    }
    for arguments in [
      ["show", "9"], ["show", ""], ["logs", "last", "peer-9"], ["query", "--run", "9", "SELECT 1"],
    ] {
      let (code, text) = try seedbed(arguments)
      #expect(code == 64)
      #expect(text.hasPrefix("seedbed: "))
    }
  }

  @Test("output that cannot be written is an error")
  func fullOutput() throws {
    #expect(try seedbed(["collect", run.path]).code == 0)
    for arguments in [["runs"], ["check"]] {
      let full = FileHandle(forWritingAtPath: "/dev/full")
      let process = try Self.start(arguments, history: run.history, output: full)
      process.waitUntilExit()
      #expect(process.terminationStatus == 3, "\(arguments)")
    }
    // What was judged is kept nevertheless.
    let (_, text) = try seedbed(["query", "SELECT count(*) > 0 AS judged FROM checks"])
    #expect(text == "judged\n------\n     1\n")
  }
}
