import Checks
import Faults
import Foundation
import History
import Participants
import Testing
import Topology

@Suite("Views of a gossip run") struct ViewTests {
  private let story = Story()

  private func rows(_ sql: String) throws -> [String] {
    let history = try ReadOnlyHistory(story.collected(), run: 1)
    let statement = try history.database.prepare(sql)
    var rows: [String] = []
    while try statement.step() {
      let cells = (0..<statement.columnCount).map { statement.text(at: $0) ?? "NULL" }
      rows.append(cells.joined(separator: " "))
    }
    return rows
  }

  @Test("A link lasts from its opening to its own closing, and a second one has its own row")
  func links() throws {
    story.close("peer-4", "peer-5", at: 3, "silent")
    story.say("peer-4", "link.opened", at: 7, peer: "peer-5", ["direction": "dialled"])
    story.close("peer-4", "peer-5", at: 9, "displaced")
    story.say("peer-4", "link.opened", at: 11, peer: "peer-5", ["direction": "accepted"])
    let found = try rows(
      """
      SELECT peer_node, peer, direction, opened_s, closed_s, reason FROM links
      WHERE node = 'peer-4' AND peer_node = 'peer-5' ORDER BY opened_t
      """)
    #expect(
      found == [
        "peer-5 127.0.0.1:6005 dialled -0.5 3.0 silent",
        "peer-5 127.0.0.1:6005 dialled 7.0 9.0 displaced",
        "peer-5 127.0.0.1:6005 accepted 11.0 NULL NULL",
      ])
  }

  @Test("A link that its owner never closed ends with the owner, in each of its lives")
  func linksOfTheDead() throws {
    story.fell("peer-5", at: 10)
    story.restart("peer-5", at: 12)
    story.say("peer-5", "link.opened", at: 14, peer: "peer-4", ["direction": "dialled"])
    let found = try rows(
      """
      SELECT peer_node, opened_s, closed_s, reason FROM links WHERE node = 'peer-5'
      ORDER BY opened_t, peer_node
      """)
    #expect(
      found == ["peer-1 -0.5 10.0 died", "peer-4 -0.5 10.0 died", "peer-4 14.0 NULL NULL"])
  }

  @Test(
    "The lives of a node end with their own processes, however far its clock is off",
    arguments: [-0.013, 0, 0.013])
  func lives(off: Double) throws {
    // It is started again at once, lives for 6 ms and is started again at once.
    story.fell("peer-5", at: 11.98)
    for moment in [12, 12.012] {
      story.ready("peer-5", at: moment + off)
      for kind in ["link.opened", "entry.added"] {
        story.say("peer-5", kind, at: moment + off + 0.001, peer: "peer-4")
      }
      if moment == 12 {
        story.fault("kill", "peer-5", at: 12.005)
        story.exit("peer-5", at: 12.006)
      }
    }
    #expect(
      try rows(
        """
        SELECT closed_s, reason FROM links WHERE node = 'peer-5' AND peer_node = 'peer-4'
        ORDER BY opened_t
        """) == ["11.98 died", "12.005 died", "NULL NULL"])
    #expect(
      try rows("SELECT until_s, reason FROM routing_entries ORDER BY since_t")
        == ["12.005 died", "NULL NULL"])
    #expect(
      try rows("SELECT life, gone_s, back_s FROM deaths ORDER BY t")
        == ["1 11.99 \(max(11.99, 12 + off))", "2 12.006 \(max(12.006, 12.012 + off))"])
  }

  @Test("Every kind of absence is a death with its cause, and the orderly end is none")
  func deaths() throws {
    story.fell("peer-1", at: 5)
    story.restart("peer-1", at: 6)
    story.fell("peer-2", at: 7, by: "stop")
    story.crash("peer-3", at: 8)
    story.pause("peer-4", at: 9, for: 2)
    story.pause("peer-5", at: 10)
    let found = try rows("SELECT node, cause, s, gone_s, back_s FROM deaths ORDER BY node")
    #expect(
      found == [
        "peer-1 killed 5.0 5.01 6.1", "peer-2 stopped 7.0 7.01 NULL",
        "peer-3 crashed 7.01 8.01 NULL", "peer-4 frozen 9.0 9.01 11.0",
        "peer-5 frozen 10.0 10.01 30.05",
      ])
  }

  @Test("A delivery says who sent the text, who passed it on and how long it took")
  func deliveries() throws {
    let found = try rows(
      """
      SELECT message, origin, node, via, sent_s, received_s, delay FROM gossip_deliveries
      ORDER BY node LIMIT 1
      """)
    #expect(found == ["\(Story.text) peer-1 peer-2 peer-1 5.0 5.1 0.1"])
  }

  @Test("A report says when the seed heard it and how long after the death it was made")
  func reports() throws {
    story.fell("peer-5", at: 10)
    story.report("peer-5", by: "peer-1", at: 10.5)
    story.unsay("report.received", by: "seed-2")
    let found = try rows(
      """
      SELECT reporter, dead, dead_address, seed, reported_s, received_s, death_s, delay
      FROM dead_node_reports ORDER BY seed
      """)
    #expect(
      found == [
        "peer-1 peer-5 127.0.0.1:6005 seed-1 10.5 10.51 10.0 0.5",
        "peer-1 peer-5 127.0.0.1:6005 seed-2 10.5 NULL 10.0 0.5",
      ])
  }

  @Test("What is reported while everybody is being stopped is no report of a death")
  func reportsAtTheEnd() throws {
    story.report("peer-5", by: "peer-1", at: story.stop + 0.05)
    #expect(try rows("SELECT dead FROM dead_node_reports") == [])
  }

  @Test("The options of a peer give its deadlines")
  func deadlines() throws {
    let found = try rows(
      """
      SELECT node, patience, report_within, repair_within, gossip_within, heal_within
      FROM gossip_deadlines ORDER BY node LIMIT 1
      """)
    #expect(found == ["peer-1 1000000 4000000 6000000 7000000 42000000"])
  }

  @Test("Separations whose unrest overlaps are one unrest, with its end if it has one")
  func unrest() throws {
    story.disturb(between: ["peer-1"], and: ["peer-2"], at: 5, for: 10)
    story.disturb(.loss(1), between: ["peer-1"], and: ["seed-1"], at: 6, for: 1)
    story.disturb(between: ["peer-1"], and: ["peer-2"], at: 57, for: 1)
    story.disturb(between: ["peer-1"], and: ["peer-2"], at: 101, for: 1)
    story.disturb(.latency(.seconds(1)), between: ["peer-1"], and: ["peer-2"], at: 150)
    story.disturb(.latency(Microseconds(1)), between: ["peer-1"], and: ["peer-2"], at: 1)
    #expect(
      try rows("SELECT action, from_s, to_s FROM separations ORDER BY from_t") == [
        "partition 5.0 15.0", "loss 6.0 7.0", "partition 57.0 58.0", "partition 101.0 102.0",
        "latency 150.0 NULL",
      ])
    #expect(
      try rows("SELECT from_s, until_s FROM unrest ORDER BY from_t") == [
        "5.0 100.0", "101.0 144.0", "150.0 NULL",
      ])
  }

  @Test("Two faults that lead to one exit are one death, the first one's")
  func oneExit() throws {
    story.fault("kill", "peer-5", at: 9.5, confirmed: 10.01)
    story.fell("peer-5", at: 10, by: "restart")
    #expect(
      try rows("SELECT node, cause, s, gone_s FROM deaths") == ["peer-5 killed 9.5 10.01"])
  }

  @Test("In a history of several runs every view tells them apart")
  func severalRuns() throws {
    story.fell("peer-5", at: 10)
    story.report("peer-5", by: "peer-4", "peer-1", at: 10.1)
    story.overload(from: 11, to: 13)
    story.disturb(between: ["peer-1"], and: ["peer-2"], at: 20, for: 1)
    story.receive(Story.text, "peer-3", at: 22)
    let history = try story.collected()
    for topology in [
      "kptp", "pex-churn", "kademlia-partition", "torrent", "hyperdht", "hyperdht-nat",
    ] {
      try simulate(topology, into: history)
    }
    // Nobody says in the DHT what it has: downloads are late.
    try simulate(
      "torrent-dht-only",
      set: ["seeder", "client"].map { "groups.\($0).options.announce=tracker" }, into: history)
    let writable = try History.open(history)
    let runs = try #require(try writable.integer("SELECT max(run) FROM runs"))
    for table in [
      "runs", "nodes", "events", "faults", "fault_sides", "usage", "lateness",
    ] {
      let copy = try columns(of: table, in: writable, forRunsAfter: runs)
      try writable.execute("INSERT INTO \(table) SELECT \(copy) FROM \(table)")
    }
    let all = try ReadOnlyHistory(history)
    for view in all.views.all {
      let counts = try all.database.prepare(
        "SELECT run, count(*) FROM \(view.name) GROUP BY run ORDER BY run")
      var found: [Int64: Int64] = [:]
      while try counts.step() { found[counts.integer(at: 0)] = counts.integer(at: 1) }
      #expect(!found.isEmpty, "\(view.name) has no row")
      for run in 1...runs {
        #expect(found[run] == found[run + runs], "\(view.name): \(found)")
      }
    }
  }

  /// The columns of a table, for a copy of its rows as other runs.
  private func columns(
    of table: String, in database: borrowing Database, forRunsAfter runs: Int64
  ) throws -> String {
    let statement = try database.prepare("SELECT * FROM \(table)")
    return statement.columnNames.map { name in
      switch name {
      case "run": "run + \(runs)"
      case "name": "name || '-2'"
      default: name
      }
    }.joined(separator: ", ")
  }
}
