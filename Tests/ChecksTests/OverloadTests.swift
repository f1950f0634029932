import Checks
import History
import Participants
import Testing

/// What counts as time in which the host was overloaded.
@Suite("The view overloads") struct OverloadTests {
  /// peer-5 is killed at 10 s and nobody reports it; at 15 s it is 1 s too late.
  private func story(busy: Int64, pressure: Int64, late: Int64, stop: Double = 15) -> Story {
    let story = Story(stop: stop)
    story.fell("peer-5", at: 10)
    story.unsay("usage.sampled")
    for second in -2...Int(stop) {
      story.sample(at: Double(second), busy: busy, pressure: pressure, late: late)
    }
    return story
  }

  private func verdict(_ story: Story) throws -> Verdict {
    try story.judgement("dead-nodes-are-reported").verdict
  }

  /// A node says at a moment that it woke up so late, in seconds.
  private func wake(_ story: Story, _ node: String, at moment: Double, late: Double) {
    story.say(node, "node.late", at: moment, ["late": Int64(late * 1_000_000)])
  }

  private func overloads(_ story: Story) throws -> [String] {
    let history = try ReadOnlyHistory(story.collected(), run: 1)
    let statement = try history.database.prepare("SELECT from_s FROM overloads ORDER BY from_t")
    var rows: [String] = []
    while try statement.step() { rows.append(statement.text(at: 0) ?? "NULL") }
    return rows
  }

  @Test("A machine that is saturated but gives everybody a turn soon excuses nothing")
  func buildBeside() throws {
    let story = story(busy: 1_000, pressure: 990, late: 40)
    #expect(try overloads(story) == [])
    #expect(try verdict(story) == .fail)
  }

  @Test(
    "Where nodes wake up late on such a machine, the time counts, though the supervisor does not")
  func lateNodes() throws {
    let story = story(busy: 1_000, pressure: 990, late: 5)
    wake(story, "peer-1", at: 11.5, late: 0.15)
    wake(story, "seed-1", at: 12.5, late: 0.2)
    #expect(try overloads(story) == ["11.0", "12.0"])
    #expect(try verdict(story) == .inconclusive)
  }

  @Test("Nor does a supervisor that wakes up late by itself need a node to say so")
  func lateSupervisor() throws {
    #expect(try verdict(story(busy: 1_000, pressure: 990, late: 150)) == .inconclusive)
  }

  @Test(
    "A node is not believed unless the host was busy, or tasks waited for half as long",
    arguments: [
      (busy: Int64(300), pressure: Int64(40), verdict: Verdict.fail), (960, 40, .inconclusive),
      (300, 110, .inconclusive),
    ])
  func corroborated(busy: Int64, pressure: Int64, verdict: Verdict) throws {
    let story = story(busy: busy, pressure: pressure, late: 5)
    for second in 10..<15 { wake(story, "peer-1", at: Double(second) + 0.5, late: 0.2) }
    #expect(try self.verdict(story) == verdict)
  }

  @Test("Who is late for long is so in every second of it")
  func longLateness() throws {
    let story = story(busy: 1_000, pressure: 990, late: 5)
    wake(story, "peer-1", at: 13.5, late: 2.1)
    #expect(try overloads(story) == ["11.0", "12.0", "13.0"])
  }

  @Test("Several nodes that are late in one second are one row, whatever their logs' order")
  func oneRow() throws {
    let story = story(busy: 1_000, pressure: 990, late: 5)
    for (index, node) in Story.peers.dropLast().enumerated() {
      wake(story, node, at: 11.5 + 0.1 * Double(index), late: 0.11 + 0.01 * Double(index))
    }
    let history = try ReadOnlyHistory(story.collected(), run: 1)
    let row = try history.database.text(
      """
      SELECT group_concat(((from_t - began_t) / 1000) || ' ' || ((to_t - began_t) / 1000) || ' ' || late
        || ' ' || events) FROM lateness, runs
      """)
    #expect(row == "11390 11800 140000 4")
  }

  @Test("A violation that exceeds the time lost stays a failure")
  func bounded() throws {
    let story = story(busy: 1_000, pressure: 990, late: 5, stop: 20)
    for second in 11..<15 { wake(story, "peer-1", at: Double(second) + 0.5, late: 0.2) }
    #expect(try overloads(story).count == 4)
    #expect(try verdict(story) == .fail)
  }

  @Test("A lateness that no node can have lived is cut to an hour")
  func absurd() throws {
    let story = story(busy: 1_000, pressure: 990, late: 5)
    wake(story, "peer-1", at: 11.5, late: 9e9)
    let history = try ReadOnlyHistory(story.collected(), run: 1)
    #expect(try history.database.integer("SELECT count(*) FROM lateness") == 3_601)
    #expect(try overloads(story).count == 14)
  }
}
