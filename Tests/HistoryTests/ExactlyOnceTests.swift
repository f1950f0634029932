import Foundation
import History
import Participants
import Synchronization
import Testing
import Topology

/// Whatever happens to collectors, every complete line becomes one event.
@Suite(.serialized) struct ExactlyOnceTests {
  /// The lines that the history has of a node, as bytes.
  private static func storedLines(of node: String, in run: FakeRun) throws -> [UInt8] {
    let history = try ReadOnlyHistory(run.history, runNamed: "last")
    var bytes: [UInt8] = []
    try history.forEachStoredLine(of: node) { bytes += $0 }
    return bytes
  }

  /// Expects that the history has every line of every log once, in order and unchanged.
  private static func expectAllLines(of run: FakeRun, nodes: [String], _ hint: String) throws {
    for node in nodes {
      let log = [UInt8](try Data(contentsOf: URL(filePath: "\(run.path)/\(node).ndjson")))
      let stored = try storedLines(of: node, in: run)
      #expect(stored == log, "\(node): \(stored.count) of \(log.count) bytes; \(hint)")
    }
    #expect(try run.rows("SELECT * FROM rejected_lines") == [])
  }

  private static let nodes = ["peer-1", "peer-2", "peer-3", "seed-1"]

  @Test("collectors that are dropped or fail anywhere take every line once", arguments: 1...6)
  func droppedCollectors(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let run = try FakeRun(nodes: Self.nodes)
    var unwritten = Dictionary(uniqueKeysWithValues: Self.nodes.map { ($0, [UInt8]()) })
    for _ in 0..<40 {
      for node in Self.nodes {
        for _ in 0..<Int.random(in: 0...200, using: &random) {
          let line = run.line(node, "gossip.sent", #""message":"\#(random.next())""#)
          unwritten[node, default: []] += Array(line.utf8)
        }
        // Cut anywhere, also within a line.
        let bytes = unwritten[node] ?? []
        let count = Int.random(in: 0...bytes.count, using: &random)
        try run.append(Array(bytes[..<count]), to: node)
        unwritten[node] = Array(bytes[count...])
      }
      var collector = try run.collector()
      if Bool.random(using: &random) {
        // Its statements fail from some moment on, within a transaction or between two.
        collector.database.limitTime(
          to: .microseconds(Int64.random(in: 0...3_000, using: &random)))
      }
      for _ in 0..<Int.random(in: 0...3, using: &random) { _ = try? collector.step() }
    }
    for node in Self.nodes { try run.append(unwritten[node] ?? [], to: node) }
    try run.collect()
    try Self.expectAllLines(of: run, nodes: Self.nodes, "seed \(seed)")
  }

  @Test("a collector whose disk was full goes on when there is room again")
  func fullDisk() throws {
    let run = try FakeRun(nodes: ["peer-1"])
    for _ in 0..<5_000 { try run.append(run.line("peer-1", "a.b"), to: "peer-1") }
    var collector = try run.collector()
    try collector.database.execute("PRAGMA max_page_count = 30")
    for _ in 0..<2 {
      #expect(
        message { _ = try collector.step() }
          == "\(run.history): database or disk is full; free some space on its disk or choose another "
          + "file")
    }
    #expect(try run.rows("SELECT count(*) FROM events") == ["0"])
    try collector.database.execute("PRAGMA max_page_count = 1000000")
    _ = try collector.finish()
    try Self.expectAllLines(of: run, nodes: ["peer-1"], "after a full disk")
  }

  @Test("collectors of two runs and of one folder share a history at once")
  func collectorsAtOnce() throws {
    let root = try TemporaryFolder()
    let names = ["20261120-060000-gossip-0001", "20261120-060000-gossip-0002"]
    let runs = try names.map { try FakeRun(name: $0, nodes: ["peer-1", "peer-2"]) }
    let history = "\(root.path)/history.sqlite"
    for run in runs {
      for node in ["peer-1", "peer-2"] {
        var lines = ""
        for _ in 0..<8_000 { lines += run.line(node, "a.b", #""x":"y""#) }
        try run.append(lines, to: node)
      }
    }
    let folders = try runs.map { try RunFolder($0.path) }
    let failures = Mutex<[String]>([])
    // The folders live as long as the runs.
    withExtendedLifetime(runs) {
      DispatchQueue.concurrentPerform(iterations: 6) { index in
        let failure = message {
          var collector = try Collector(folder: folders[index % 2], history: history)
          _ = try collector.finish()
        }
        failures.withLock { $0.append(failure) }
      }
    }
    #expect(failures.withLock(\.self) == Array(repeating: "no error", count: 6))
    let database = try History.open(history)
    #expect(
      try database.rows(
        "SELECT name, node, count(*), count(DISTINCT n), max(n) FROM events JOIN runs USING (run) "
          + "GROUP BY name, node ORDER BY name, node")
        == names.flatMap { name in ["peer-1", "peer-2"].map { "\(name)|\($0)|8000|8000|8000" } })
    #expect(try database.rows("SELECT * FROM rejected_lines") == [])
  }

  @Test("'seedbed collect' killed at random moments, and run twice at once, takes every line once")
  func killedProcesses() throws {
    let run = try FakeRun(nodes: Self.nodes)
    for node in Self.nodes {
      var lines = ""
      for _ in 0..<30_000 { lines += run.line(node, "gossip.sent", #""message":"1:h:1:text""#) }
      try run.append(lines, to: node)
    }
    var random = SeededGenerator(seed: 11)
    for _ in 0..<12 {
      let collectors = [try Self.startCollecting(run), try Self.startCollecting(run)]
      for collector in collectors {
        // What is tested is a kill at no particular moment.
        usleep(UInt32.random(in: 1_000...60_000, using: &random))
        kill(collector.processIdentifier, SIGKILL)
        collector.waitUntilExit()
      }
    }
    let last = [try Self.startCollecting(run), try Self.startCollecting(run)]
    for collector in last {
      collector.waitUntilExit()
      #expect(collector.terminationStatus == 0)
    }
    try Self.expectAllLines(of: run, nodes: Self.nodes, "after kills")
  }

  private static func startCollecting(_ run: FakeRun) throws -> Process {
    try CommandTests.start(["collect", run.path], history: run.history)
  }
}
