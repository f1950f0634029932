import Foundation
import Glibc
import History
import Participants
import Testing
import Topology

/// What programs print, and the times at which the supervisor saw it.
@Suite("the collector and what programs print")
struct PrintedTests {
  private let program = Program(
    command: ["/bin/x"], ready: .log(#"^up at (?<address>\S+)"#),
    events: [
      Program.EventPattern(
        match: #"^(?:(?<time>[0-9.]+) )?got (?<what>\w+) from (?<peer>\S+) after (?<hops>\w+)"#,
        kind: "text.received", numbers: ["hops"]),
      Program.EventPattern(match: "^got", kind: "text.odd"),
      Program.EventPattern(match: "^(?:a+)+$", kind: "text.costly"),
    ])

  private func run(_ program: Program? = nil) throws -> FakeRun {
    try FakeRun(nodes: ["ext-1"], programs: ["ext": program ?? self.program])
  }

  /// As the supervisor does: what was printed so far was seen at this time.
  private func see(_ run: FakeRun, at time: Int64, upTo size: Int? = nil) throws {
    let file = "\(run.path)/ext-1.out"
    let size = size ?? (FileManager.default.contents(atPath: file).map(\.count) ?? 0)
    try run.append(Array("ext-1 \(size) \(time)\n".utf8), file: "printed.times")
  }

  private func print(_ run: FakeRun, _ text: String) throws {
    try run.append(Array(text.utf8), file: "ext-1.out")
  }

  private func events(_ run: FakeRun) throws -> [String] {
    try run.rows("SELECT n, t, kind, peer, data FROM events WHERE node = 'ext-1' ORDER BY n")
  }

  @Test("Every line becomes one event: by its JSON, by the first pattern that fits, or as it is")
  func kinds() throws {
    let run = try run()
    try print(
      run,
      """
      up at 127.0.0.1:7
      got hello from 127.0.0.1:9 after 3
      1795157021.5 got "x" and more
      1795157021.5 got x from 10.0.0.1:1 after three
      got lost
      {"kind":"door.opened","t":17,"peer":"a:1","n":5,"wide":18446744073709551615,"w":"\\u00e9"}
      {"level":"info"}
      {"level":
      {"kind":"No kind","peer":7}

      """)
    try see(run, at: 1_000)
    try run.collect()
    #expect(
      try events(run) == [
        #"1|1000|node.ready||{"address":"127.0.0.1:7"}"#,
        #"2|1000|text.received|127.0.0.1:9|{"what":"hello","hops":3}"#,
        #"3|1000|node.printed||{"line":"1795157021.5 got \u0022x\u0022 and more"}"#
          .replacing(#"\u0022"#, with: #"\""#),
        #"4|1795157021500000|text.received|10.0.0.1:1|{"what":"x","hops":"three"}"#,
        #"5|1000|text.odd||{}"#,
        #"6|17|door.opened|a:1|{"wide":18446744073709551615,"w":"\u00e9"}"#,
        #"7|1000|node.printed||{"level":"info"}"#,
        #"8|1000|node.printed||{"line":"{\"level\":"}"#,
        #"9|1000|node.printed||{"kind":"No kind","peer":7}"#,
      ])
    #expect(try run.rows("SELECT * FROM rejected_lines") == [])
  }

  @Test("A line's time is when it was first seen whole, in whatever steps it is collected")
  func times() throws {
    let run = try run()
    var collector = try run.collector()
    try print(run, "one\ntw")
    try see(run, at: 100)
    #expect(try collector.step().lines == 1)
    try print(run, "o\nthree\n")
    #expect(try collector.step().lines == 0, "nobody has said when")
    try see(run, at: 200, upTo: 8)
    #expect(try collector.step().lines == 1)
    try see(run, at: 300)
    #expect(try collector.step().lines == 1)
    let rows = ["1|100|one", "2|200|two", "3|300|three"]
    let sql = "SELECT n, t, data ->> 'line' FROM events WHERE node = 'ext-1' ORDER BY n"
    #expect(try run.rows(sql) == rows)

    // From the folder alone, all at once.
    let again = "\(run.path)/../again.sqlite"
    var other = try Collector(folder: RunFolder(run.path), history: again)
    _ = try other.finish()
    #expect(try History.open(again).rows(sql) == rows)
  }

  @Test("What nobody saw any more is taken when the supervisor is gone, the torn end included")
  func killedSupervisor() throws {
    let run = try run()
    try run.log("supervisor", "run.launched")
    let lock = unsafe open("\(run.path)/supervisor.ndjson", O_RDWR)
    #expect(flock(lock, LOCK_EX) == 0)
    try print(run, "one\n")
    try print(run, "two")
    try see(run, at: 100)
    try print(run, "\nthr")
    var live = try run.collector()
    #expect(try live.finish().progress.lines == 2, "the supervisor lives, and may say when")
    close(lock)
    #expect(try run.collect().progress.lines == 2)
    #expect(try run.collect().progress.lines == 0)
    #expect(
      try run.rows("SELECT n, t, data ->> 'line' FROM events WHERE node = 'ext-1' ORDER BY n")
        == ["1|100|one", "2|100|two", "3|100|thr"])
  }

  @Test("A torn end that was seen is taken when the supervisor is gone")
  func tornEnd() throws {
    let run = try run()
    try print(run, "one\ntorn")
    try see(run, at: 100)
    var collector = try run.collector()
    #expect(try collector.step().lines == 1)
    #expect(try collector.finish().progress.lines == 1)
    #expect(try run.collect().progress.lines == 0)
  }

  @Test("Without any time, lines have that of the launch")
  func noTimes() throws {
    let run = try run()
    try print(run, "one\n")
    try run.collect()
    #expect(try events(run) == [#"1|\#(FakeRun.start)|node.printed||{"line":"one"}"#])
  }

  @Test("A line that is too long is rejected and counted; the next is taken")
  func longLine() throws {
    let run = try run()
    let long = String(repeating: "x", count: Event.longestLine)
    try print(run, long.dropLast() + "\n" + long + "\n" + "short\n")
    try see(run, at: 9)
    try run.collect()
    #expect(
      try run.rows("SELECT n, length(data ->> 'line') FROM events WHERE node = 'ext-1'")
        == ["1|65535", "3|5"])
    #expect(try run.rows("SELECT reason FROM rejected_lines") == ["longer than 65536 bytes"])
  }

  @Test("A line that costs a pattern too much is kept, with a remark")
  func costlyLine() throws {
    let run = try run()
    try print(run, String(repeating: "a", count: 60) + "!\nnext\n")
    try see(run, at: 9)
    try run.collect()
    #expect(
      try run.rows("SELECT kind FROM events WHERE node = 'ext-1'") == [
        "node.printed", "node.printed",
      ])
    #expect(
      try run.rows("SELECT node, line_offset, reason FROM rejected_lines") == [
        "ext-1|0|the pattern of text.costly gave up after 100000 steps (the line was kept)"
      ])
  }

  @Test("Bytes of every kind are taken, one event a line")
  func garbage() throws {
    let run = try run()
    var random = SeededGenerator(seed: 11)
    var bytes: [UInt8] = []
    for _ in 0..<200_000 { bytes.append(UInt8.random(in: 0...255, using: &random)) }
    bytes.append(0x0A)
    try run.append(bytes, file: "ext-1.out")
    try see(run, at: 9)
    #expect(try run.collect().progress.lines == bytes.count { $0 == 0x0A })
    #expect(
      try run.rows("SELECT count(*) FROM events WHERE json_valid(data)") == [
        "\(bytes.count { $0 == 0x0A })"
      ])
  }

  @Test(
    "A program that is told where to log has that log alone, and is ready where and when the supervisor says"
  )
  func ownLog() throws {
    let run = try run(Program(command: ["/bin/x", "{log}"]))
    try run.log("ext-1", "node.ready", #""address":"127.0.0.1:9","options":{"x":1}"#)
    try run.log("supervisor", "program.ready", #""node":"ext-1","address":"127.0.0.1:8""#)
    try print(run, "chatter\n")
    try run.collect()
    #expect(try run.rows("SELECT kind FROM events WHERE node = 'ext-1'") == ["node.ready"])
    #expect(try run.rows("SELECT address, options FROM nodes") == [#"127.0.0.1:8|{"x":1}"#])
  }

  @Test("A node of ours that prints has no event of it")
  func ownNode() throws {
    let run = try FakeRun(nodes: ["seed-1"])
    try run.append(Array("chatter\n".utf8), file: "seed-1.out")
    try run.log("seed-1", "node.ready")
    try run.collect()
    #expect(try run.rows("SELECT kind FROM events") == ["node.ready"])
  }
}
