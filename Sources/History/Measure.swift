package import NetworkFolders

/// How long something takes in a network, as its views tell: what runs are compared by. A file
/// `measures/NAME.sql` of a network, or of what all networks share: `-- measure: NAME`, `-- says:` what
/// it measures, and a `SELECT`.
package struct Measure: Sendable {
  /// What it measures, for people.
  package var name: String
  /// Selects one number for each time it happened, in seconds.
  package var sql: String

  private static let keys = SQLHeader.Keys(required: ["measure", "says"])

  package init(name: String, sql: String) {
    self.name = name
    self.sql = sql
  }

  /// - Parameters:
  ///   - text: the file's content.
  ///   - file: its path, which errors begin with.
  /// - Throws: for a header that lacks something, or another name than the file's.
  package init(parsing text: String, file: String) throws(NetworkFileError) {
    let header = try SQLHeader(parsing: text, file: file, keys: Self.keys)
    try header.checkName("measure")
    self.init(name: header.value("says"), sql: text)
  }

  /// Those of every network, and of one; `nil` for a network that has none.
  ///
  /// - Throws: for a file that cannot be read or has no such header.
  package static func all(of network: NetworkFolder?) throws(NetworkFileError) -> [Measure] {
    var measures: [Measure] = []
    for folder in [NetworkFolders.shared, network].compactMap(\.self) {
      for (file, text) in try folder.texts(of: .measures) {
        measures.append(try Measure(parsing: text, file: file))
      }
    }
    return measures
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
