import Checks
import Foundation
import History
import Messages
import Participants
import Testing

@Suite("Judging") struct JudgeTests {
  private let story = Story()

  private func check(
    _ sql: String, name: String = "mine", severity: Check.Severity = .error, witnesses: Int = 1,
    askedIf conditions: [String] = []
  ) throws -> Check {
    let header =
      [
        "check: \(name)", "promise: It holds.", "networks: any", "severity: \(severity)",
        "witnesses: \(witnesses)", "too-few: nothing happened",
      ] + conditions.flatMap { ["asked-if: \($0)", "not-asked: there is no \($0)"] }
    let text = header.map { "-- \($0)\n" }.joined() + "\n" + sql
    return try Check(parsing: text, file: "\(name).sql")
  }

  private func judge(_ sql: String, witnesses: Int = 1) throws -> Judgement {
    try Judge(story.collected(), run: 1).judge(try check(sql, witnesses: witnesses))
  }

  @Test("No rows and enough witnesses pass")
  func pass() throws {
    let judgement = try judge("SELECT 1 WHERE false; SELECT 3;", witnesses: 3)
    #expect(judgement.verdict == .pass)
    #expect(judgement.reason == "3 witnesses")
    #expect(judgement.violations == 0)
  }

  @Test("No rows and too few witnesses are inconclusive")
  func tooFew() throws {
    let judgement = try judge("SELECT 1 WHERE false; SELECT 2;", witnesses: 3)
    #expect(judgement.verdict == .inconclusive)
    #expect(judgement.reason == "2 of at least 3 witnesses: nothing happened")
  }

  @Test("What was lost of the logs leaves nothing green, and excuses nothing")
  func lostLines() throws {
    let history = try story.collected()
    let database = try History.open(history)
    func reject(_ kind: String) throws {
      try database.execute(
        """
        DELETE FROM rejected_lines;
        INSERT INTO rejected_lines (run, node, line_offset, reason, kind)
          VALUES (1, 'peer-1', 7, 'as it is', '\(kind)')
        """)
    }
    for kind in ["refused", "gap", "log"] {
      try reject(kind)
      let judge = try Judge(history, run: 1)
      let passed = judge.judge(try check("SELECT 1 WHERE false; SELECT 3;"))
      #expect(passed.verdict == .inconclusive)
      #expect(passed.reason == "3 witnesses, but events are missing: 1 row in rejected_lines")
      #expect(judge.judge(try check("SELECT 1; SELECT 3;")).verdict == .fail)
    }
    for kind in ["torn", "remark"] {
      try reject(kind)
      let judge = try Judge(history, run: 1)
      #expect(judge.judge(try check("SELECT 1 WHERE false; SELECT 3;")).verdict == .pass)
    }
  }

  @Test("A run whose logs hold more than the history cannot be judged")
  func incompleteHistory() throws {
    let history = try story.collected()
    try History.open(history).execute("UPDATE runs SET complete = 0")
    let judgement = try Judge(history, run: 1).judge(try check("SELECT 1 WHERE false; SELECT 3;"))
    #expect(judgement.verdict == .inconclusive)
    #expect(judgement.reason.contains("'seedbed collect "))
    try History.open(history).execute("UPDATE runs SET complete = NULL")
    #expect(
      try Judge(history, run: 1).judge(try check("SELECT 1 WHERE false; SELECT 3;")).verdict
        == .pass)
  }

  @Test("A row fails, however many witnesses there are")
  func fail() throws {
    let judgement = try judge("SELECT 'peer-1' AS node, 2.5 AS s; SELECT 0;")
    #expect(judgement.verdict == .fail)
    #expect(judgement.reason == "1 violation, 0 witnesses")
    #expect(judgement.columns == ["node", "s"])
    #expect(judgement.rows == [[.text("peer-1"), .real(2.5)]])
  }

  @Test("Every violation is counted and the first hundred are kept")
  func manyViolations() throws {
    let judgement = try judge(
      """
      WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 250)
      SELECT n FROM numbers; SELECT 1;
      """)
    #expect(judgement.violations == 250)
    #expect(judgement.rows.count == 100)
    #expect(judgement.rows.first == [.integer(1)])
  }

  @Test("A violation with an excuse makes it inconclusive, one without fails it and comes first")
  func excuses() throws {
    let excused = try judge("SELECT 1 AS a, 'it was dark' AS excuse; SELECT 1;")
    #expect(excused.verdict == .inconclusive)
    #expect(excused.reason == "1 violation, but it was dark")
    let mixed = try judge(
      "SELECT 1 AS a, 'it was dark' AS excuse UNION ALL SELECT 2, NULL; SELECT 1;")
    #expect(mixed.verdict == .fail)
    #expect(mixed.violations == 2)
    #expect(mixed.column("a") == ["2", "1"])
  }

  @Test("It sees its own run and no other")
  func scope() throws {
    let judgement = try judge("SELECT 1 WHERE false; SELECT count(*) FROM runs;")
    #expect(judgement.witnesses == 1)
  }

  @Test(
    "A check that does not work is an error that says where and why",
    arguments: [
      // The header takes seven lines.
      ("SELECT 1;\nSELECT nowhere;", "mine.sql:9: no such column: nowhere"),
      ("\n\nSELEC 1; SELECT 1;", "mine.sql:10: near \"SELEC\": syntax error"),
      ("SELECT 1 WHERE false;", "mine.sql: a check has two statements"),
      ("-- nothing", "mine.sql: a check has two statements"),
      ("SELECT 1 WHERE false; SELECT 1; SELECT 2;", "mine.sql: a check has two statements"),
      ("SELECT 1 WHERE false; SELECT 1, 2;", "mine.sql: the second statement must give one number"),
      ("SELECT 1 WHERE false; SELECT 'x';", "mine.sql: the second statement must give one number"),
      (
        "SELECT 1 WHERE false; SELECT 1 WHERE false;",
        "mine.sql: the second statement must give one number"
      ),
      ("SELECT 1 WHERE false; SELECT json('{');", "mine.sql: malformed JSON"),
      ("DELETE FROM events; SELECT 1;", "mine.sql: the statement is refused"),
      ("ATTACH 'other' AS other; SELECT 1;", "mine.sql: the statement is refused"),
    ])
  func errors(sql: String, reason: String) throws {
    let judgement = try judge(sql)
    #expect(judgement.verdict == .error)
    #expect(judgement.reason.hasPrefix(reason), "\(judgement.reason)")
  }

  @Test("A check that takes too long is an error that names the limit")
  func timeLimit() throws {
    let judge = try Judge(story.collected(), run: 1, timeLimit: .milliseconds(50))
    let endless = try check(
      "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n; SELECT 1;"
    )
    let judgement = judge.judge(endless)
    #expect(judgement.verdict == .error)
    #expect(judgement.reason == "mine.sql: it took more than 0.05 seconds of processor time")
    #expect(try judge.judge(check("SELECT 1 WHERE false; SELECT 1;")).verdict == .pass)
  }

  @Test("Time in which others had the processor is not a check's")
  func processorTime() throws {
    let history = try ReadOnlyHistory(story.collected(), run: 1)
    let limit = Duration.milliseconds(300)
    history.database.limitProcessorTime(to: limit)
    // Meanwhile another thread works for longer than that.
    let isOver = DispatchSemaphore(value: 0)
    let other = Thread {
      let end = ContinuousClock.now + limit * 2
      while ContinuousClock.now < end {}
      isOver.signal()
    }
    other.start()
    isOver.wait()
    let count = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
    #expect(try history.database.integer("\(count) SELECT max(i) FROM n") == 20_000)
    history.database.limitTime(to: .zero)
    #expect(throws: DatabaseError.self) {
      try history.database.integer("\(count) SELECT max(i) FROM n")
    }
  }

  @Test("A run that never began cannot be judged")
  func neverBegan() throws {
    story.unsay("run.began")
    #expect(Set(try story.judgements().map(\.verdict)) == [.inconclusive])
    #expect(
      try judge("SELECT 1; SELECT 1;").reason == "the run never began: its nodes were not all ready"
    )
  }

  @Test("A run without an end cannot be judged")
  func noEnd() throws {
    story.unsay("run.stopping")
    #expect(Set(try story.judgements().map(\.verdict)) == [.inconclusive])
    #expect(try judge("SELECT 1; SELECT 1;").reason.hasPrefix("the run has not come to its stop"))
  }

  @Test("The plan says which checks the run wants")
  func plannedChecks() throws {
    #expect(try Judge(story.collected(), run: 1).plannedChecks == nil)
    story.plannedChecks = []
    #expect(try Judge(story.collected(), run: 1).plannedChecks == [])
    story.plannedChecks = ["b", "./a.sql"]
    let judge = try Judge(story.collected(), run: 1)
    #expect(judge.plannedChecks == ["b", "./a.sql"])
    #expect(judge.network == "gossip")
  }

  @Test("The worst verdict decides: error, then fail, then inconclusive; warnings fail nothing")
  func exitCodes() throws {
    let judge = try Judge(story.collected(), run: 1)
    func verdict(_ sql: String, _ severity: Check.Severity = .error) throws -> Judgement {
      try judge.judge(check(sql, severity: severity))
    }
    let pass = try verdict("SELECT 1 WHERE false; SELECT 1;")
    let fail = try verdict("SELECT 1; SELECT 1;")
    let inconclusive = try verdict("SELECT 1 WHERE false; SELECT 0;")
    let error = try verdict("SELECT;")
    func code(_ judgements: Judgement...) -> ExitCode { judgements.exitCode(areNamed: true) }
    #expect(code() == .success)
    #expect(code(pass) == .success)
    #expect(code(pass, inconclusive) == .inconclusive)
    #expect(code(inconclusive, fail, pass) == .failed)
    #expect(code(fail, error, inconclusive) == .error)
    #expect(try code(verdict("SELECT 1; SELECT 1;", .warning)) == .success)
    #expect(try code(verdict("SELECT 1 WHERE false; SELECT 0;", .warning)) == .success)
    #expect(try code(verdict("SELECT;", .warning)) == .error)
  }

  @Test("Verdicts are stored, and a later one of the same check takes the place of the first")
  func stored() throws {
    let history = try story.collected()
    let first = try Judge(history, run: 1).judge([
      check("SELECT 'peer-1' AS node; SELECT 1;"), check("SELECT 1;", name: "broken"),
    ])
    try first.store(run: 1, history: history)
    func rows() throws -> [[String?]] {
      let opened = try ReadOnlyHistory(history)
      let statement = try opened.database.prepare(
        """
        SELECT name, promise, severity, verdict, violations, witnesses, least_witnesses, reason, rows
        FROM checks ORDER BY name
        """)
      var rows: [[String?]] = []
      while try statement.step() {
        rows.append((0..<statement.columnCount).map { statement.text(at: $0) })
      }
      return rows
    }
    #expect(
      try rows()[1] == [
        "mine", "It holds.", "error", "fail", "1", "1", "1", "1 violation, 1 witness",
        #"[{"node":"peer-1"}]"#,
      ])
    #expect(try rows()[0][3...6] == ["error", "1", nil, "1"])
    try Judge(history, run: 1).judge([check("SELECT 1 WHERE false; SELECT 1;")])
      .store(run: 1, history: history)
    #expect(try rows().map { $0[3] } == ["error", "pass"])
  }

  @Test("Programs get the verdicts as JSON")
  func json() throws {
    let judgement = try judge(#"SELECT 'a "b"' AS x, NULL AS y, 1.5 AS z, x'00' AS w; SELECT 1;"#)
    #expect(
      [judgement].json == """
        [{"check":"mine","promise":"It holds.","severity":"error","verdict":"fail",\
        "reason":"1 violation, 1 witness","violations":1,"witnesses":1,"least_witnesses":1,\
        "file":"mine.sql","rows":[{"x":"a \\"b\\"","y":null,"z":1.5,"w":"1 byte"}]}]
        """)
    #expect(throws: Never.self) {
      try JSONSerialization.jsonObject(with: Data([judgement].json.utf8))
    }
  }

  @Test("What strangers wrote is shown in one line, and a terminal obeys none of it")
  func controlCharacters() throws {
    let judge = try Judge(story.collected(), run: 1)
    let sql = "SELECT char(27, 91, 51, 49, 109) || 'red' || char(10) || 'line' AS text; SELECT 1;"
    let report = try judge.report([judge.judge(check(sql))]) { text, _ in text }
    #expect(report.contains("\n  \\u{1b}[31mred\\nline\n"), "\(report)")
  }

  @Test("People get a line for each check, the violations, and the log lines around them")
  func report() throws {
    let story = Story.ofOneDeath()
    defer { withExtendedLifetime(story) {} }
    story.unsay("dead.reported", by: "peer-4")
    let judge = try Judge(story.collected(), run: 1)
    let checks = try CheckLibrary()
      .checks(["dead-nodes-are-reported", "gossip-reaches-every-live-peer"], network: "gossip")
    let report = try judge.report(judge.judge(checks)) { text, _ in text }
    #expect(
      report == """
        ✗  dead-nodes-are-reported         fail  1 violation, 2 witnesses
        ✓  gossip-reaches-every-live-peer  pass  3 witnesses

        dead-nodes-are-reported: Every neighbour that outlives a dead peer tells a seed of its death in time.
          dead    cause   died_s  due_s  silent_neighbours  reported_by
          peer-5  killed  10.0    14.01  peer-4             peer-1
          violation 1: peer-5, peer-4, peer-1 around 10.000 s, log lines from -0.500 s to 30.100 s:
            -0.500 s  peer-1  link.opened      peer-5 {"direction":"accepted"}
            -0.500 s  peer-1  link.opened      peer-3 {"direction":"dialled"}
            -0.500 s  peer-4  link.opened      peer-2 {"direction":"accepted"}
            -0.500 s  peer-5  link.opened      peer-1 {"direction":"dialled"}
            5.000 s   peer-1  gossip.sent      {"message":"1.5:127.0.0.1:6001:hello","links":2}
            5.100 s   peer-4  gossip.received  peer-1 {"message":"1.5:127.0.0.1:6001:hello"}
            5.100 s   peer-5  gossip.received  peer-1 {"message":"1.5:127.0.0.1:6001:hello"}
            10.100 s  peer-1  link.closed      peer-5 {"reason":"ended"}
            10.100 s  peer-1  dead.reported    peer-5 {"seed":"127.0.0.1:5001"}
            10.100 s  peer-4  link.closed      peer-5 {"reason":"ended"}
            30.100 s  peer-4  node.stopping

        1 passed, 1 failed
        """ + "\n")
  }

  @Test("Of the first violations each has its own log lines, nearest before and after, none twice")
  func surroundings() throws {
    for moment in [9.2, 9.5, 10.4, 10.7, 20.1, 20.2] {
      story.say("peer-1", "odd.noted", at: moment)
    }
    let judge = try Judge(story.collected(), run: 1)
    let report = try judge.report([
      judge.judge(
        check(
          """
          SELECT column1 AS node, column2 AS at_s
          FROM (VALUES ('peer-1', 10.0), ('peer-1', 10.1), ('peer-1', 20.0)); SELECT 1;
          """))
    ]) { text, _ in text }
    #expect(
      report.split(separator: "\n").suffix(8).joined(separator: "\n") == """
          peer-1  20.0
          violation 1: peer-1 around 10.000 s, log lines from 9.200 s to 10.700 s:
            9.200 s   peer-1  odd.noted
            9.500 s   peer-1  odd.noted
            10.400 s  peer-1  odd.noted
            10.700 s  peer-1  odd.noted
          violation 2: peer-1 around 10.100 s: no other log lines
        1 failed
        """)
  }

  @Test("The last line counts, and what to do next stands above it where not all is well")
  func summary() throws {
    let judge = try Judge(story.collected(), run: 1)
    let pass = try judge.judge(check("SELECT 1 WHERE false; SELECT 1;"))
    let others = try [
      judge.judge(check("SELECT 'peer-2' AS node; SELECT 1;")),
      judge.judge(check("SELECT 1; SELECT 1;", severity: .warning)),
      judge.judge(check("SELECT 1 WHERE false; SELECT 0;", askedIf: ["0"])),
      judge.judge(check("SELECT;")),
    ]
    func end(_ judgements: [Judgement]) throws -> [Substring] {
      try judge.report(judgements, hints: ["do this"]) { text, _ in text }
        .split(separator: "\n").suffix(2)
    }
    #expect(
      try end([pass] + others) == [
        "do this", "1 passed, 1 failed, 1 did not work, 1 warned, 1 not asked",
      ])
    #expect(try end([pass]).last == "1 passed")
    #expect(try !end([pass]).contains("do this"))
    #expect(try judge.firstNode(of: [pass] + others) == "peer-2")
    #expect(try judge.report([]) { text, _ in text } == "")
  }

  @Test("Colours are asked for by meaning")
  func colours() throws {
    let judge = try Judge(story.collected(), run: 1)
    let judgements = try judge.judge([
      check("SELECT 1 WHERE false; SELECT 1;"), check("SELECT 'peer-1' AS node; SELECT 1;"),
      check("SELECT 1 WHERE false; SELECT 0;"),
    ])
    let report = try judge.report(judgements) { "<\($1) \($0)>" }
    #expect(report.contains("<good ✓>  mine  pass"))
    #expect(report.contains("<bad ✗>  mine  fail"))
    #expect(report.contains("<unsure ?>  mine  inconclusive"))
    #expect(
      report.contains(
        "<heading mine: It holds.>\n  node\n  peer-1\n<faint   violation 1: peer-1 around 30"))
  }
}
