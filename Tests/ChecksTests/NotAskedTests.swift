import Checks
import History
import Messages
import Participants
import Testing

@Suite("What a check is asked") struct NotAskedTests {
  private let story = Story()

  /// Judges with so many witnesses of two that are needed.
  private func judge(
    _ conditions: [String] = [], witnesses: Int = 0, violations: Int = 0, expected: String? = nil
  ) throws -> Judgement {
    let header =
      [
        "check: mine", "promise: It holds.", "networks: any", "severity: error", "witnesses: 2",
        "too-few: nothing happened",
      ] + conditions.enumerated().flatMap { ["asked-if: \($1)", "not-asked: reason \($0)"] }
      + (expected.map { ["expected: \($0)"] } ?? [])
    let text =
      header.map { "-- \($0)\n" }.joined()
      + "\nSELECT 1 FROM runs WHERE \(violations) > 0; SELECT \(witnesses);"
    return try Judge(story.collected(), run: 1).judge(Check(parsing: text, file: "mine.sql"))
  }

  @Test(
    "Where the plan gives it nothing, it says why, by the first condition that does not hold",
    arguments: [
      (["0"], "reason 0"), (["1", "0", "0"], "reason 1"), (["NULL", "false"], "reason 1"),
    ])
  func nothingGiven(conditions: [String], reason: String) throws {
    for witnesses in 0...1 {
      let judgement = try judge(conditions, witnesses: witnesses)
      #expect(judgement.verdict == .notAsked)
      #expect(judgement.reason == reason)
      #expect(judgement.exitCode == .success)
    }
  }

  @Test(
    "Where the plan gives it something, or cannot say, too little is inconclusive",
    arguments: [[], ["1"], ["0.5"], ["NULL"], ["1", "count(*) = 1 FROM runs"]])
  func tooLittle(conditions: [String]) throws {
    let conditions = conditions.map { $0.contains("FROM") ? "(SELECT \($0))" : $0 }
    let judgement = try judge(conditions)
    #expect(judgement.verdict == .inconclusive)
    #expect(judgement.reason == "0 of at least 2 witnesses: nothing happened")
  }

  @Test("What was seen against the plan counts all the same")
  func seenAfterAll() throws {
    #expect(try judge(["0"], witnesses: 2).verdict == .pass)
    #expect(try judge(["0"], witnesses: 1, violations: 1).verdict == .fail)
  }

  @Test("With less than the plan gives, it fails, and with as much it passes")
  func expected() throws {
    let expected = "(SELECT count(*) FROM planned_nodes)"
    let nodes = try #require(
      try ReadOnlyHistory(story.collected(), run: 1).planValue(of: expected).map { Int($0) })
    #expect(nodes > 2)
    let few = try judge(witnesses: nodes - 1, expected: expected)
    #expect(few.verdict == .fail)
    #expect(few.reason == "\(nodes - 1) of the \(nodes) witnesses that the plan gives")
    #expect(try judge(witnesses: nodes, expected: expected).verdict == .pass)
    #expect(try judge(witnesses: 2, expected: "NULL").verdict == .pass)
    #expect(try judge(witnesses: 1, expected: "1").verdict == .inconclusive)
    #expect(try judge(["0"], witnesses: 1, expected: expected).verdict == .notAsked)
    let broken = try judge(witnesses: 2, expected: "(SELECT max(t) FROM events)")
    #expect(broken.verdict == .error)
    #expect(broken.reason.hasPrefix("mine.sql:7: 'expected': "))
  }

  @Test("Nobody gives what the plan says while the host is overloaded, or after an early stop")
  func expectedOfOthers() throws {
    let early = Story()
    early.unsay("run.ended")
    early.say("supervisor", "run.ended", at: 30.5, ["outcome": "interrupted", "reason": "by hand"])
    for (story, words) in [(story, "the host was overloaded"), (early, "the run was interrupted")] {
      if story === self.story { story.overload(from: 10, to: 12) }
      let check = try Check(
        parsing: """
          -- check: mine
          -- promise: It holds.
          -- networks: any
          -- severity: error
          -- witnesses: 2
          -- expected: 9

          SELECT 1 WHERE false; SELECT 8;
          """, file: "mine.sql")
      let judgement = try Judge(story.collected(), run: 1).judge(check)
      #expect(judgement.verdict == .inconclusive)
      #expect(judgement.reason == "8 of the 9 witnesses that the plan gives, but \(words)")
    }
  }

  @Test("Where events are missing, fewer witnesses than the plan gives are no failure")
  func expectedOfLost() throws {
    let history = try story.collected()
    try History.open(history).execute(
      """
      INSERT INTO rejected_lines (run, node, line_offset, reason, kind)
        VALUES (1, 'peer-1', 7, 'as it is', 'gap')
      """)
    let check = try Check(
      parsing: """
        -- check: mine
        -- promise: It holds.
        -- networks: any
        -- severity: error
        -- witnesses: 2
        -- expected: 30

        SELECT 1 WHERE false; SELECT 25;
        """, file: "mine.sql")
    let judge = try Judge(history, run: 1)
    let judgement = judge.judge(check)
    #expect(judgement.verdict == .inconclusive)
    #expect(judgement.reason.contains("events are missing"))
    let compared = try judge.judge(
      witnessesOf: [judgement], against: [judgement], named: "it", tolerance: 20)
    #expect(compared.map(\.verdict) == [.inconclusive])
  }

  @Test(
    "Fewer witnesses than in another run fail, as many pass, and what was not counted does neither")
  func fewerWitnesses() throws {
    let (many, few) = (try judge(witnesses: 261), try judge(witnesses: 45))
    let ended = try Judge(story.collected(), run: 1)
    var broken = few
    broken.witnesses = nil
    for (now, before, verdict) in [
      (few, many, Verdict.fail), (many, few, .pass), (many, many, .pass),
      (broken, many, .inconclusive),
      (many, broken, .inconclusive), (few, try judge(witnesses: 19), .notAsked),
    ] {
      let compared = try ended.judge(
        witnessesOf: [now], against: [before], named: "it", tolerance: 20)
      #expect(compared.map(\.verdict) == [verdict])
    }
  }

  @Test("A run that did not come to its stop is inconclusive, whatever its plan gives")
  func noStop() throws {
    story.unsay("run.stopping")
    #expect(try judge(["0"]).verdict == .inconclusive)
  }

  @Test(
    "What happened is not the plan: a condition that reads it is an error at its line",
    arguments: [
      "EXISTS (SELECT 1 FROM events)", "(SELECT count(*) FROM nodes)",
      "EXISTS (SELECT 1 FROM deaths)",
      "(SELECT max(t) FROM usage)", "1; DELETE FROM runs", "nowhere = 1",
    ])
  func readsEvents(condition: String) throws {
    for witnesses in [0, 2] {
      let judgement = try judge([condition], witnesses: witnesses)
      #expect(judgement.verdict == .error)
      #expect(judgement.reason.hasPrefix("mine.sql:7: 'asked-if': "), "\(judgement.reason)")
    }
    // Others may read it again.
    #expect(try judge(["1"], witnesses: 2).verdict == .pass)
  }

  @Test("A run that gives named checks nothing is no success; one that names none is")
  func nothingJudged() throws {
    let unasked = try judge(["0"])
    #expect([unasked].judgedNothing)
    #expect([unasked].exitCode(areNamed: true) == .inconclusive)
    #expect([unasked].exitCode(areNamed: false) == .success)
    #expect([unasked].summary == "1 not asked: the topology gives them nothing to judge")
    let others = try [unasked, judge([], witnesses: 2)]
    #expect(!others.judgedNothing && ![Judgement]().judgedNothing)
    #expect(others.exitCode(areNamed: true) == .success)
  }

  @Test("It is stored, and survives an export")
  func stored() throws {
    let history = try story.collected()
    let judgement = try judge(["0"])
    try [judgement].store(run: 1, history: history)
    let verdicts = try History.verdicts(on: 1, in: history)
    let another = Story()
    let other = try another.collected()
    try History.restore(verdicts: verdicts, on: 1, in: other)
    let restored = try ReadOnlyHistory(other).database
      .text("SELECT verdict || ': ' || reason FROM checks")
    #expect(restored == "not asked: reason 0")
    withExtendedLifetime(another) {}
  }

  @Test("Faults that were asked for, or never came to pass, count as given")
  func faults() throws {
    let name = "dead-nodes-are-reported"
    #expect(try story.judgement(name).verdict == .notAsked)
    #expect(try story.judgement(name).reason == "no peer is killed, stopped or frozen")
    story.say(
      "supervisor", "fault.planned", at: 20,
      ["fault": 1, "action": "kill", "node": "peer-5", "at": 20_000_000])
    story.say("supervisor", "fault.skipped", at: 20.1, ["fault": 1, "reason": "it was gone"])
    #expect(try story.judgement(name).verdict == .inconclusive)
  }
}
