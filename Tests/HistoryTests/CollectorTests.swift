import Faults
import Foundation
import History
import Participants
import Testing
import Topology

@Suite struct CollectorTests {
  @Test("a run's folder becomes its rows")
  func collectsRun() throws {
    let run = try FakeRun()
    try run.log("supervisor", "run.launched", #""nodes":2"#)
    try run.log(
      "supervisor", "fault.planned",
      #""fault":1,"action":"pause","node":"peer-1","at":5,"lasting":9"#)
    try run.log("supervisor", "fault.planned", #""fault":2,"action":"kill","node":"seed-1","at":6"#)
    try run.log("supervisor", "node.spawned", #""node":"peer-1","pid":77"#)
    try run.log(
      "peer-1", "node.ready",
      #""address":"127.0.0.1:9","role":"gossip-peer","options":{"max-links":4}"#)
    try run.log("peer-1", "link.opened", #""peer":"127.0.0.1:8","direction":"dialled""#)
    try run.log("supervisor", "run.began")
    try run.log("supervisor", "fault.applied", #""fault":1"#)
    try run.log("supervisor", "fault.confirmed", #""fault":1"#)
    try run.log("supervisor", "fault.healed", #""fault":1"#)
    try run.log("supervisor", "fault.skipped", #""fault":2,"reason":"it is dead""#)
    try run.log(
      "supervisor", "usage.sampled", #""host_busy":12,"supervisor_cpu":3400,"memory_available":99"#)
    try run.log("supervisor", "node.sampled", #""node":"peer-1","cpu":20000,"memory":1200"#)
    try run.log("supervisor", "run.stopping", #""reason":"planned""#)
    try run.log(
      "supervisor", "node.exited", #""node":"peer-1","pid":77,"code":0,"unexpected":false"#)
    try run.log("supervisor", "run.ended", #""outcome":"completed","reason":"as planned""#)
    let ending = try run.collect()
    #expect(ending.progress.lines == 16)
    #expect(ending.progress.rejected == 0)
    #expect(ending.incomplete.isEmpty)
    let s = FakeRun.start
    #expect(
      try run.rows("SELECT run, name, network, driver, seed, launched_t, outcome, reason FROM runs")
        == ["1|20261120-060000-gossip-0a1b|gossip|live|42|\(s)|completed|as planned"])
    #expect(
      try run.rows(
        "SELECT began_t - launched_t, stopping_t - began_t, ended_t - stopping_t FROM runs")
        == ["7000|7000|2000"])
    #expect(
      try run.rows(
        "SELECT node, node_group, role, address, options, pid, spawned_t - launched_t, "
          + "ready_t - launched_t, nodes.ended_t - launched_t, exit_code, exit_signal, unexpected "
          + "FROM nodes JOIN runs USING (run) ORDER BY node")
        == [
          #"peer-1|peer|gossip-peer|127.0.0.1:9|{"max-links":4}|77|4000|5000|15000|0||0"#,
          "seed-1|seed|gossip-seed|||||||||",
        ])
    #expect(
      try run.rows(
        "SELECT fault, action, node, at, lasting, applied_t - launched_t, "
          + "confirmed_t - applied_t, healed_t - applied_t, skipped FROM faults JOIN runs USING (run) ORDER BY 1"
      )
        == ["1|pause|peer-1|5|9|8000|1000|2000|", "2|kill|seed-1|6|||||it is dead"])
    #expect(
      try run.rows("SELECT host_busy, supervisor_cpu, memory_available FROM usage") == [
        "12|3400|99"
      ])
    #expect(try run.rows("SELECT node, cpu, memory FROM node_usage") == ["peer-1|20000|1200"])
    #expect(
      try run.rows(
        "SELECT n, kind, peer, data FROM events WHERE node = 'peer-1' ORDER BY n LIMIT 1, 1")
        == [#"2|link.opened|127.0.0.1:8|{"direction":"dialled"}"#])
    #expect(try run.rows("SELECT count(*) FROM events WHERE node = 'supervisor'") == ["14"])
    #expect(try run.rows("SELECT data FROM events WHERE kind = 'run.began'") == ["{}"])
  }

  @Test("a fault on the network has its sides, once, and no node")
  func collectsSides() throws {
    let fault = Fault(
      id: 1, action: .loss(5), between: ["seed-1"], and: ["peer-1", "seed-1"], oneWay: true,
      at: .seconds(1))
    let run = try FakeRun(faults: [fault])
    try run.log(
      "supervisor", "fault.planned",
      #""fault":1,"action":"loss","at":1000000,"one_way":true,"loss":5"#)
    try run.collect()
    try run.collect()
    #expect(
      try run.rows("SELECT run, fault, node, side FROM fault_sides ORDER BY side, node") == [
        "1|1|seed-1|from", "1|1|peer-1|to", "1|1|seed-1|to",
      ])
    #expect(
      try run.rows("SELECT action, node, lasting, one_way, loss, latency FROM faults")
        == ["loss|||1|5|"])
  }

  @Test("a restarted node shows its last incarnation, whichever log is read first")
  func restartedNode() throws {
    let run = try FakeRun(nodes: ["peer-1"])
    try run.log("peer-1", "node.ready", #""address":"127.0.0.1:9","options":{"x":1}"#)
    try run.log("supervisor", "node.spawned", #""node":"peer-1","pid":1"#)
    try run.log(
      "supervisor", "node.exited", #""node":"peer-1","pid":1,"signal":9,"unexpected":false"#)
    try run.collect()
    #expect(try run.rows("SELECT pid, exit_code, exit_signal FROM nodes") == ["1||9"])
    try run.log("peer-1", "node.ready", #""address":"127.0.0.1:9","options":{"x":2}"#)
    try run.collect()
    try run.log("supervisor", "node.spawned", #""node":"peer-1","pid":2"#)
    try run.collect()
    #expect(
      try run.rows(
        "SELECT pid, exit_signal, unexpected, ended_t, options, ready_t > spawned_t FROM nodes")
        == [#"2||||{"x":2}|0"#])
  }

  @Test("collecting again changes nothing")
  func collectsTwice() throws {
    let run = try FakeRun()
    for _ in 0..<100 { try run.log("peer-1", "gossip.sent", #""message":"1:h:1:text""#) }
    try run.append("garbage\n", to: "peer-1")
    #expect(try run.collect().progress.lines == 100)
    let before = try run.rows("SELECT * FROM events") + run.rows("SELECT * FROM rejected_lines")
    let again = try run.collect().progress
    #expect(again == Collector.Progress())
    #expect(
      try run.rows("SELECT * FROM events") + run.rows("SELECT * FROM rejected_lines") == before)
  }

  @Test("an incomplete line waits for its end and is reported until then")
  func incompleteLine() throws {
    let run = try FakeRun()
    let line = run.line("peer-1", "link.opened")
    let half = line.utf8.count / 2
    try run.append(String(line.prefix(half)), to: "peer-1")
    let incomplete = try run.collect().incomplete
    #expect(incomplete.map(\.node) == ["peer-1"])
    #expect(incomplete.map(\.bytes) == [half])
    #expect(try run.rows("SELECT count(*) FROM events") == ["0"])
    var collector = try run.collector()
    #expect(try collector.step().lines == 0)
    try run.append(String(line.dropFirst(half)), to: "peer-1")
    #expect(try collector.step().lines == 1)
    #expect(try collector.finish().incomplete.isEmpty)
    #expect(try run.rows("SELECT count(*) FROM rejected_lines") == ["0"])
  }

  @Test("a restarted node's torn line is rejected and its number used again")
  func tornLine() throws {
    let run = try FakeRun()
    try run.log("peer-1", "node.ready")
    try run.append(#"{"t":5,"n":2,"ki"# + "\n", to: "peer-1")
    try run.log("peer-1", "node.ready")
    #expect(try run.collect().progress.rejected == 1)
    #expect(try run.rows("SELECT n, kind FROM events") == ["1|node.ready", "2|node.ready"])
    #expect(
      try run.rows("SELECT node, line_offset, kind, reason, line FROM rejected_lines")
        == [#"peer-1|49|torn|byte 14: 'kind' must follow 'n'|{"t":5,"n":2,"ki"#])
  }

  @Test("a gap in the numbers is recorded and its line kept")
  func gap() throws {
    let run = try FakeRun()
    try run.log("peer-1", "a.b")
    _ = run.line("peer-1", "a.lost")
    try run.log("peer-1", "a.c")
    try run.collect()
    #expect(try run.rows("SELECT n FROM events") == ["1", "3"])
    #expect(
      try run.rows("SELECT kind, reason FROM rejected_lines")
        == ["gap|n = 3 after 1: lines are missing (this one was kept)"])
  }

  @Test("a number that comes again is rejected")
  func repeatedNumber() throws {
    let run = try FakeRun()
    let line = run.line("peer-1", "a.b")
    try run.append(line + line, to: "peer-1")
    try run.log("peer-1", "a.c")
    try run.collect()
    #expect(try run.rows("SELECT n, kind FROM events") == ["1|a.b", "2|a.c"])
    #expect(try run.rows("SELECT reason FROM rejected_lines") == ["n = 1 after 1"])
  }

  @Test("a line after the node's end is rejected, unless it begins anew")
  func lineAfterEnd() throws {
    let run = try FakeRun()
    try run.log("peer-1", "node.stopped")
    try run.collect()
    try run.log("peer-1", "link.opened")
    try run.collect()
    try run.log("peer-1", "node.ready")
    try run.log("peer-1", "link.opened")
    try run.collect()
    #expect(try run.rows("SELECT n FROM events") == ["1", "3", "4"])
    #expect(try run.rows("SELECT reason FROM rejected_lines") == ["after the node's node.stopped"])
  }

  @Test("a line of the longest length is taken, and a longer one rejected whole")
  func longLines() throws {
    let run = try FakeRun()
    func padded(to length: Int) -> String {
      let bare = run.line("peer-1", "a.b", #""x":"""#)
      let padding = String(repeating: "x", count: length - bare.utf8.count)
      return bare.replacing(#""x":"""#, with: #""x":"\#(padding)""#)
    }
    try run.append(padded(to: Event.longestLine), to: "peer-1")
    try run.append(padded(to: Event.longestLine + 1), to: "peer-1")
    try run.append(padded(to: Collector.readSize * 3), to: "peer-1")
    try run.log("peer-1", "a.c")
    try run.collect()
    #expect(try run.rows("SELECT n, length(data) > 60000 FROM events") == ["1|1", "4|0"])
    #expect(
      try run.rows("SELECT line_offset, reason, length(line) FROM rejected_lines ORDER BY 1")
        == [
          "65536|longer than 65536 bytes|1024", "131073|longer than 65536 bytes|1024",
          "\(131_073 + Collector.readSize * 3)|n = 4 after 1: lines are missing (this one was kept)|"
            + "41",
        ])
  }

  @Test("a line that never ends is rejected once, by whoever reads on")
  func endlessLine() throws {
    let run = try FakeRun()
    try run.log("peer-1", "a.b")
    let piece = String(repeating: "x", count: 40_000)
    for _ in 0..<5 {
      try run.append(piece, to: "peer-1")
      try run.collect()
    }
    try run.append("\n", to: "peer-1")
    try run.log("peer-1", "a.c")
    try run.collect()
    #expect(try run.rows("SELECT kind FROM events") == ["a.b", "a.c"])
    #expect(try run.rows("SELECT reason FROM rejected_lines") == ["longer than 65536 bytes"])
  }

  @Test("bytes of every kind are rejected without harm")
  func garbage() throws {
    let run = try FakeRun()
    var random = SeededGenerator(seed: 7)
    var bytes: [UInt8] = []
    for _ in 0..<300_000 { bytes.append(UInt8.random(in: 0...255, using: &random)) }
    try run.append(bytes + [0x0A], to: "peer-1")
    try run.log("peer-1", "a.b")
    let progress = try run.collect().progress
    #expect(progress.lines == 1)
    #expect(progress.rejected == bytes.count { $0 == 0x0A } + 1)
    #expect(try run.rows("SELECT count(*) FROM rejected_lines") == ["\(progress.rejected)"])
  }

  @Test("what the supervisor's log says wrongly is recorded, and collecting goes on")
  func wrongFacts() throws {
    let run = try FakeRun()
    try run.log("supervisor", "fault.planned", #""action":"kill""#)
    try run.log("supervisor", "usage.sampled", #""host_busy":"much""#)
    try run.log("supervisor", "node.spawned", #""node":["peer-1"],"pid":{}"#)
    try run.log("supervisor", "run.began")
    let progress = try run.collect().progress
    #expect(progress.lines == 4)
    #expect(progress.rejected == 3)
    #expect(try run.rows("SELECT began_t IS NOT NULL FROM runs") == ["1"])
  }

  @Test("what logs gain while an earlier look's backlog is taken is taken too, and counted")
  func growsMeanwhile() throws {
    let run = try FakeRun()
    var lines = ""
    for _ in 0..<25_000 { lines += run.line("seed-1", "a.b") }
    try run.append(lines, to: "seed-1")
    var collector = try run.collector()
    #expect(try !collector.step().isUpToDate)
    for _ in 0..<100 { try run.log("peer-1", "a.b") }
    try run.log("seed-1", "a.c")
    try run.append("garbage\n", to: "peer-1")
    let ending = try collector.finish()
    let count = try #require(ending.count)
    #expect(count.inLogs == 25_102)
    #expect(count.events == 25_101)
    #expect(count.refused == 1)
    #expect(ending.isComplete && ending.remarks.isEmpty)
    #expect(
      try run.rows("SELECT count(*), complete FROM events JOIN runs USING (run)") == ["25101|1"])
  }

  @Test("a log that lacks lines which were taken is not complete, whatever else it holds")
  func truncatedLog() throws {
    let run = try FakeRun()
    for _ in 0..<9 { try run.log("peer-1", "a.b") }
    #expect(try run.collect().isComplete)
    // It was emptied, and has grown beyond what was read of it.
    try Data(repeating: 0x20, count: 4_096).write(to: URL(filePath: "\(run.path)/peer-1.ndjson"))
    let ending = try run.collect()
    #expect(!ending.isComplete)
    #expect(ending.remarks.last?.hasPrefix("the logs hold 1 line, and the history has 9 ") == true)
    #expect(try run.rows("SELECT complete FROM runs") == ["0"])
  }

  @Test("a log that shrank or vanished is recorded and not read again")
  func shrunkenLogs() throws {
    let run = try FakeRun()
    for node in ["peer-1", "seed-1"] { for _ in 0..<3 { try run.log(node, "a.b") } }
    try run.collect()
    try FileManager.default.removeItem(atPath: "\(run.path)/seed-1.ndjson")
    try Data("short".utf8).write(to: URL(filePath: "\(run.path)/peer-1.ndjson"))
    for _ in 0..<2 {
      try run.collect()
      #expect(try run.rows("SELECT count(*) FROM events") == ["6"])
      #expect(
        try run.rows("SELECT node, reason, line IS NULL FROM rejected_lines ORDER BY node")
          == [
            "peer-1|the log shrank from 126 to 5 bytes: it is not read again|1",
            "seed-1|the log was read up to here and has vanished|1",
          ])
    }
  }

  @Test("a log that appears while the collector runs is found")
  func followsNewLogs() throws {
    let run = try FakeRun(nodes: ["peer-1"])
    var collector = try run.collector()
    #expect(try collector.step() == Collector.Progress())
    for node in ["peer-1", "stranger"] {
      try run.log(node, "a.b")
      #expect(try collector.step().lines == 1)
    }
    #expect(try run.rows("SELECT node, node_group FROM nodes") == ["peer-1|peer", "stranger|"])
  }

  @Test("a folder that is not a run's is refused with the reason")
  func wrongFolders() throws {
    let folder = try TemporaryFolder()
    let plan = "\(folder.path)/plan.json"
    #expect(
      message { _ = try RunFolder("\(folder.path)/absent") }
        == "\(folder.path)/absent: there is no such folder: give the folder of one run, e.g. logs/RUN"
    )
    #expect(
      message { _ = try RunFolder(folder.path) }
        == "\(folder.path): this is not a run's folder: its plan.json cannot be read (No such file or "
        + "directory)")
    try Data("{".utf8).write(to: URL(filePath: plan))
    #expect(message { _ = try RunFolder(folder.path) }.hasPrefix("\(plan): not a run's plan: "))
    try Data("{}".utf8).write(to: URL(filePath: plan))
    #expect(
      message { _ = try RunFolder(folder.path) } == "\(plan): not a run's plan: it has no 'plan'")
    try Data(#"{"plan":{"version":99}}"#.utf8).write(to: URL(filePath: plan))
    #expect(
      message { _ = try RunFolder(folder.path) }
        == "\(plan): this plan has version 99, and this seedbed reads up to 2: use the seedbed that "
        + "made the run, or a newer one")
  }
}
