/// How long something takes in a network, as its views tell: what runs are compared by.
package struct Measure: Sendable {
  package var name: String
  /// The network whose views it reads; `nil` for any.
  package var network: String?
  /// Selects one number for each time it happened, in seconds.
  package var sql: String

  package static let all = [
    Measure(
      name: "from a process's start to ready",
      sql: """
        SELECT (ready_t - spawned_t) / 1e6 FROM nodes WHERE ready_t >= spawned_t
        """),
    Measure(
      name: "from a death to the first report", network: "gossip",
      sql: """
        SELECT min(delay) FROM dead_node_reports WHERE death_t IS NOT NULL GROUP BY dead, death_t
        """),
    Measure(
      name: "from a death to each neighbour's report", network: "gossip",
      sql: """
        SELECT min(delay) FROM dead_node_reports WHERE death_t IS NOT NULL
        GROUP BY dead, death_t, reporter
        """),
    Measure(
      name: "from a text's sending to each arrival", network: "gossip",
      sql: "SELECT delay FROM gossip_deliveries WHERE delay IS NOT NULL"),
    Measure(
      name: "from a text's sending to its last arrival", network: "gossip",
      sql: "SELECT max(delay) FROM gossip_deliveries WHERE delay IS NOT NULL GROUP BY message"),
    Measure(
      name: "from a lost link to the peer's next", network: "gossip",
      sql: """
        WITH known AS MATERIALIZED (SELECT node, opened_t, closed_t, reason FROM links)
        SELECT (min(n.opened_t) - l.closed_t) / 1e6
        FROM known l JOIN runs r JOIN known n ON n.node = l.node AND n.opened_t >= l.closed_t
        WHERE l.reason IN ('ended', 'reset', 'silent') AND l.closed_t < r.stopping_t
        GROUP BY l.node, l.opened_t, l.closed_t
        """),
  ]

  package init(name: String, network: String? = nil, sql: String) {
    self.name = name
    self.network = network
    self.sql = sql
  }
}

/// How many values there were, and how they lie.
package struct Distribution: Equatable, Sendable {
  package var count: Int
  /// The 50th percentile; like the others in the unit of the values, and `nil` without values.
  package var p50: Double?
  package var p95: Double?
  package var p99: Double?
  package var max: Double?

  /// Percentiles are by nearest rank.
  package init(_ values: [Double]) {
    let sorted = values.sorted()
    func value(_ percent: Int) -> Double? {
      sorted.isEmpty ? nil : sorted[(sorted.count * percent + 99) / 100 - 1]
    }
    count = sorted.count
    p50 = value(50)
    p95 = value(95)
    p99 = value(99)
    max = sorted.last
  }
}

extension ReadOnlyHistory {
  /// What a measure says of the run that this history is limited to.
  ///
  /// - Throws: ``DatabaseError`` where its SQL does not work.
  package func distribution(of measure: Measure) throws -> Distribution {
    let statement = try database.prepare(measure.sql)
    var values: [Double] = []
    while try statement.step() {
      switch statement.value(at: 0) {
      case .real(let value): values.append(value)
      case .integer(let value): values.append(Double(value))
      case .null, .text, .blob: break
      }
    }
    return Distribution(values)
  }
}
