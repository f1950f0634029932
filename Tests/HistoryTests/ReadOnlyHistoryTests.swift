import Foundation
import History
import Messages
import Testing

@Suite struct ReadOnlyHistoryTests {
  private let first: FakeRun
  private let history: String

  /// Two runs, `…-aaaa` with 3 events and `…-bbbb` with 5, in one history.
  init() throws {
    first = try FakeRun(name: "20261120-060000-gossip-aaaa", nodes: ["peer-1"])
    history = first.history
    for _ in 0..<3 { try first.log("peer-1", "link.opened", #""peer":"h:1","x":"é\n""#) }
    try first.collect()
    let second = try FakeRun(name: "20261120-070000-gossip-bbbb", nodes: ["peer-1"])
    for _ in 0..<5 { try second.log("peer-1", "gossip.sent") }
    var collector = try Collector(folder: RunFolder(second.path), history: history)
    _ = try collector.finish()
  }

  @Test("a connection that is limited to a run shows that run's rows, also through views")
  func scope() throws {
    for (run, events) in [(1 as Int64, "3"), (2, "5")] {
      let limited = try ReadOnlyHistory(history, run: run)
      #expect(try limited.database.rows("SELECT count(*) FROM events") == [events])
      for table in Schema.tables {
        let runs = try limited.database.rows("SELECT DISTINCT run FROM \(table.name)")
        #expect(runs == ["\(run)"] || runs == [])
      }
      for view in try Views().all {
        let runs = try limited.database.rows("SELECT DISTINCT run FROM \(view.name)")
        #expect(runs == ["\(run)"] || runs == [])
      }
    }
    #expect(try ReadOnlyHistory(history).database.rows("SELECT count(*) FROM events") == ["8"])
  }

  @Test(
    "statements that would write or reach beyond the history are refused",
    arguments: [
      "INSERT INTO usage (run, t) VALUES (1, 1)", "UPDATE events SET t = 0",
      "DELETE FROM main.events",
      "DROP TABLE events", "CREATE TABLE x (y)", "CREATE TEMP TABLE x (y)",
      "ALTER TABLE main.runs ADD x",
      "ATTACH 'other.sqlite' AS other", "PRAGMA user_version = 9", "PRAGMA journal_mode = DELETE",
      "PRAGMA query_only = 0", "VACUUM", "VACUUM INTO 'copy.sqlite'", "BEGIN", "REINDEX", "ANALYZE",
    ])
  func refusesWriting(sql: String) throws {
    for run in [1, nil] as [Int64?] {
      let limited = try ReadOnlyHistory(history, run: run)
      let error = #expect(throws: DatabaseError.self) { try limited.database.prepare(sql).run() }
      #expect(error?.isRefusedWrite == true)
      #expect(error?.exitCode == .usage)
      #expect("\(error.map(\.description) ?? "")".contains("only SELECT, VALUES, WITH and EXPLAIN"))
    }
  }

  @Test(
    "statements that read are taken",
    arguments: [
      "SELECT * FROM events", "VALUES (1), (2)", "WITH a AS (SELECT 1) SELECT * FROM a",
      "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 9) SELECT x FROM c",
      "EXPLAIN QUERY PLAN SELECT * FROM events", "PRAGMA table_info(events)",
      "SELECT data ->> 'x' FROM events", "SELECT count(*) FILTER (WHERE t > 0) OVER () FROM events",
    ])
  func acceptsReading(sql: String) throws {
    let limited = try ReadOnlyHistory(history, run: 1)
    #expect(try !limited.database.rows(sql).isEmpty)
  }

  @Test("malformed SQL is shown with the place")
  func malformedSQL() throws {
    let limited = try ReadOnlyHistory(history, run: 1)
    #expect(
      message { _ = try limited.database.prepare("SELECT n,\n  kin\nFROM events") }
        == "no such column: kin (did you mean 'kind'?)\n    kin\n    ^")
    #expect(message { _ = try limited.database.prepare("SELECT (1") } == "incomplete input")
    #expect(
      message { _ = try limited.database.prepare(" -- nothing\n") } == "there is no statement here")
    #expect(
      message { _ = try limited.database.prepare("SELECT 1; SELECT 2") }
        == "there is more than one statement here; give one")
  }

  @Test(
    "a name that there is not is answered with the nearest that there is",
    arguments: [
      ("SELECT 1 FROM event", "no such table: event (did you mean 'events'?)"),
      ("SELECT 1 FROM main.nodse", "no such table: main.nodse (did you mean 'nodes'?)"),
      (
        "SELECT 1 FROM gossip_delivery",
        "no such table: gossip_delivery (did you mean "
          + "'gossip_deliveries'?)"
      ),
      (
        "SELECT 1 FROM zebras",
        "no such table: zebras; docs/SCHEMA.md describes the tables and views"
      ),
      ("SELECT e.pear FROM events e", "no such column: e.pear (did you mean 'peer'?)"),
      ("SELECT peer_nod FROM EVENTS", "no such column: peer_nod (did you mean 'peer_node'?)"),
      (
        "SELECT caus FROM deaths JOIN nodes USING (node)",
        "no such column: caus (did you mean "
          + "'cause'?)"
      ),
      // Of the tables that are used, not of any.
      ("SELECT caus FROM nodes, runs", "no such column: caus"),
      (
        "SELECT zebra FROM fault_sides",
        "no such column: zebra; fault_sides has run, fault, node, side"
      ),
    ])
  func nearestNames(sql: String, expected: String) throws {
    for run in [1, nil] as [Int64?] {
      let limited = try ReadOnlyHistory(history, run: run)
      let said = message { _ = try limited.database.prepare(sql) }
      #expect(said.split(separator: "\n").first.map(String.init) == expected)
    }
  }

  @Test("percentiles lie between the values, and a median is the fiftieth")
  func percentiles() throws {
    let all = try ReadOnlyHistory(history)
    func rows(_ sql: String) throws -> [String] { try all.database.rows("SELECT \(sql)") }
    let values = "(VALUES (10), (40.0), (20), (NULL), (30))"
    let expected = [
      "percentile(column1, 0)": "10.0", "percentile(column1, 100)": "40.0",
      "median(column1)": "25.0", "percentile(column1, 50)": "25.0",
      "percentile(column1, 90)": "37.0", "percentile(column1, 33.5)": "20.05",
      "percentile(column1, '25')": "17.5",
      "median(column1) FILTER (WHERE column1 > 30)": "40.0",
      "coalesce(median(column1) FILTER (WHERE column1 > 99), 'none')": "none",
      "median(DISTINCT column1 / 20)": "1.0",
    ]
    for (aggregate, value) in expected {
      #expect(try rows("\(aggregate) FROM \(values)") == [value], "\(aggregate)")
    }
    #expect(
      try rows("median(column2) FROM (VALUES ('a', 1), ('b', 5), ('a', 3)) GROUP BY column1")
        == ["2.0", "5.0"])
    for (aggregate, complaint) in [
      ("percentile(column1, 101)", "takes a number from 0 to 100 as p"),
      ("percentile(column1, NULL)", "takes a number from 0 to 100 as p"),
      ("percentile(column1, 'half')", "takes a number from 0 to 100 as p"),
      ("percentile(column1, column1)", "takes the same p for all rows"),
      ("median(column1 || 'x')", "take numbers only"),
      ("median(9e999)", "take finite numbers only"),
    ] {
      #expect(
        message { _ = try rows("\(aggregate) FROM \(values)") }.contains(complaint), "\(aggregate)")
    }
  }

  @Test(
    "tables have seconds since the run began, and the names of peers, whatever they are limited to")
  func computedColumns() throws {
    let run = try FakeRun(nodes: ["peer-1", "peer-2"])
    try run.log("supervisor", "run.began")
    try run.log("peer-2", "node.ready", #""address":"h:2""#)
    try run.log("peer-1", "link.opened", #""peer":"h:2""#)
    try run.log("peer-1", "link.opened", #""peer":"h:3""#)
    try run.collect()
    for number in [1, nil] as [Int64?] {
      let history = try ReadOnlyHistory(run.history, run: number)
      #expect(
        try history.database.rows(
          "SELECT s || ' ' || coalesce(peer_node, 'nobody') FROM events WHERE node = 'peer-1'")
          == ["0.002 peer-2", "0.003 nobody"])
      #expect(
        try history.database.rows("SELECT ready_s FROM nodes WHERE node = 'peer-2'") == ["0.001"])
      for table in Schema.tables {
        let shown = try history.database.prepare("SELECT * FROM \(table.name)").columnNames
        #expect(shown == table.shown.map(\.name), "what is documented is there")
      }
    }
    // Nothing of them is in the file, nor read where they are not asked for.
    let limited = try ReadOnlyHistory(run.history, run: 1)
    #expect(
      try limited.database.rows("EXPLAIN QUERY PLAN SELECT count(*) FROM events").count == 1)
  }

  @Test("a statement that takes too long is ended")
  func timeLimit() throws {
    let limited = try ReadOnlyHistory(history, run: 1)
    limited.database.limitTime(to: .milliseconds(20))
    let endless =
      "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT sum(x) FROM c"
    let error = #expect(throws: DatabaseError.self) { try limited.database.prepare(endless).run() }
    #expect(error?.isInterruption == true)
  }

  @Test("statements are taken one after the other from a text")
  func severalStatements() throws {
    let limited = try ReadOnlyHistory(history, run: 1)
    var rest = "-- first\nSELECT 'ä;'; SELECT 2 -- second\n;\n-- the end\n"[...]
    var found: [String] = []
    while let statement = try limited.database.prepareNext(&rest) {
      #expect(try statement.step())
      found.append(statement.text(at: 0) ?? "")
    }
    #expect(found == ["ä;", "2"])
  }

  @Test("a run is named by 'last', its number, or the beginning of its name")
  func runReferences() throws {
    let all = try ReadOnlyHistory(history)
    #expect(try all.run(named: "last") == 2)
    #expect(try all.run(named: "1") == 1)
    #expect(try all.run(named: "20261120-06") == 1)
    #expect(try all.run(named: "20261120-070000-gossip-bbbb") == 2)
    #expect(
      message { _ = try all.run(named: "2026") }
        == "2 runs begin with '2026': 20261120-060000-gossip-aaaa, 20261120-070000-gossip-bbbb"
    )
    #expect(
      message { _ = try all.run(named: "3") }
        == "\(history): no run is called '3': 'seedbed runs' lists them")
  }

  @Test("a log is given from the folder, and from the events when the folder is gone")
  func logs() throws {
    func log(_ node: String, kinds: [String] = []) throws -> String {
      let database = try ReadOnlyHistory(history, run: 1)
      var bytes: [UInt8] = []
      try database.forEachLogLine(of: node, kinds: kinds) { bytes += $0 }
      return String(decoding: bytes, as: UTF8.self)
    }
    try first.append("not an event", to: "peer-1")
    let file = try String(contentsOf: URL(filePath: "\(first.path)/peer-1.ndjson"), encoding: .utf8)
    #expect(try log("peer-1") == file + "\n")
    let events = file.replacing("not an event", with: "")
    #expect(try log("peer-1", kinds: ["link"]) == events)
    #expect(try log("peer-1", kinds: ["lin", "gossip.sent"]) == "")
    try FileManager.default.removeItem(atPath: first.path)
    #expect(try log("peer-1") == events)
    #expect(try log("peer-1", kinds: ["link.opened"]) == events)
    #expect(
      message { _ = try log("peer-2") }
        == "this run has no node 'peer-2' (did you mean 'peer-1'?): 'seedbed show' lists its groups"
    )
  }
}
