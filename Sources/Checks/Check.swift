package import Arguments

/// A promise of a network as SQL: a file with a header, a query that selects violations, and one
/// that counts witnesses.
///
/// ```sql
/// -- check: dead-nodes-are-reported
/// -- promise: Every neighbour that outlives a dead peer tells a seed of its death in time.
/// -- networks: gossip
/// -- severity: error
/// -- witnesses: 1
/// -- too-few: nobody died
///
/// SELECT …;           a row for each violation
/// SELECT count(*) …;  how much there was to judge
/// ```
///
/// `docs/CHECKS.md` says more.
package struct Check: Sendable, Equatable {
  package enum Severity: String, CaseIterable, Sendable {
    /// A violation fails the run.
    case error
    /// A violation is shown and leaves the run as it is.
    case warning
  }

  /// In words joined by hyphens; the file's name without `.sql`.
  package var name: String
  /// One sentence: what holds when there is no violation.
  package var promise: String
  /// The networks it can judge; empty for any.
  package var networks: [String]
  package var severity: Severity
  /// With fewer witnesses than this there was too little to judge.
  package var leastWitnesses: Int
  /// What it means when there are too few, in words; may be empty.
  package var tooFew: String
  /// The path it was read from.
  package var file: String
  /// The whole file. SQLite takes the header for comments, so places in it are places in the file.
  package var text: String

  package func judges(_ network: String) -> Bool { networks.isEmpty || networks.contains(network) }
}

/// What is wrong with a check's file, or with the choice of checks.
package struct CheckError: ReportedError, Equatable {
  package var description: String

  package init(_ description: String) { self.description = description }

  package var exitCode: ExitCode { .usage }
}

/// Reads the header: lines `-- KEY: VALUE` from the first line of the file to the first that is no
/// comment.
extension Check {
  private static let required = ["check", "promise", "networks", "severity", "witnesses"]
  private static let keys = required + ["too-few"]

  /// - Parameters:
  ///   - text: the file's content.
  ///   - file: its path, which errors begin with.
  package init(parsing text: String, file: String) throws(CheckError) {
    let header = try Self.header(of: text, file: file)
    func value(_ key: String) -> String { header[key]?.value ?? "" }
    func refusal(_ key: String, _ message: String) -> CheckError {
      CheckError("\(file):\(header[key]?.line ?? 1): \(message)")
    }

    name = value("check")
    let stem = file.split(separator: "/").last.map { $0.dropLast(".sql".count) } ?? ""
    guard name == stem else {
      throw refusal(
        "check",
        "the check is called '\(name)', but its file '\(stem).sql': write '-- check: \(stem)', or call the "
          + "file \(name).sql")
    }
    promise = value("promise")
    networks =
      value("networks") == "any"
      ? []
      : value("networks").split(separator: ",").map {
        String($0.drop { $0 == " " }.prefix { $0 != " " })
      }
    guard let severity = Severity(rawValue: value("severity")) else {
      throw refusal(
        "severity", "unknown severity '\(value("severity"))'; there are: error, warning")
    }
    self.severity = severity
    guard let least = Int(value("witnesses")), least > 0 else {
      throw refusal(
        "witnesses", "'\(value("witnesses"))' is not the least number of witnesses, from 1")
    }
    leastWitnesses = least
    tooFew = value("too-few")
    self.file = file
    self.text = text
  }

  private static func header(
    of text: String, file: String
  ) throws(CheckError) -> [String: (value: String, line: Int)] {
    var header: [String: (value: String, line: Int)] = [:]
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated() {
      guard line.hasPrefix("--") else { break }
      let place = "\(file):\(index + 1): "
      guard let colon = line.firstIndex(of: ":") else {
        throw CheckError(
          "\(place)this is no '-- KEY: VALUE'; an empty line ends the header")
      }
      let key = String(line[..<colon].drop { $0 == "-" || $0 == " " })
      let value = String(line[line.index(after: colon)...].drop { $0 == " " })
      guard keys.contains(key) else {
        throw CheckError(
          "\(place)unknown key '\(key)'\(suggestion(for: key, among: keys)); allowed here: "
            + keys.joined(separator: ", "))
      }
      guard !value.isEmpty else { throw CheckError("\(place)'\(key)' has no value") }
      guard header[key] == nil else { throw CheckError("\(place)'\(key)' stands here twice") }
      header[key] = (value, index + 1)
    }
    if let missing = required.first(where: { header[$0] == nil }) {
      throw CheckError("\(file):1: the header has no '-- \(missing): …'")
    }
    return header
  }
}
