package import Messages

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
/// -- asked-if: EXISTS (SELECT 1 FROM faults WHERE action = 'kill')
/// -- not-asked: nobody is killed
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
  /// What a topology must give it to judge; all of them. None: every topology does.
  package var conditions: [Condition] = []
  /// The path it was read from.
  package var file: String
  /// The whole file. SQLite takes the header for comments, so places in it are places in the file.
  package var text: String

  /// A line `asked-if` of the header with the line `not-asked` after it.
  package struct Condition: Sendable, Equatable {
    /// An SQL expression over the plan: where it is 0, there is nothing to judge.
    package var askedIf: String
    /// Why there is nothing then, in words.
    package var notAsked: String
    /// Where it stands in the file.
    package var line: Int
  }

  /// Whether it is for runs of this network.
  package func judges(_ network: String) -> Bool { networks.isEmpty || networks.contains(network) }
}

/// What is wrong with a check's file, or with the choice of checks.
package struct CheckError: ReportedError, Equatable {
  package var description: String
  package var choice: Choice?

  package init(_ description: String, choice: Choice? = nil) {
    self.description = description
    self.choice = choice
  }

  package var exitCode: ExitCode { .usage }
}

/// Reads the header: lines `-- KEY: VALUE` from the first line of the file to the first that is no
/// comment. A line with two spaces or more before its text goes on with the value above.
extension Check {
  private static let required = ["check", "promise", "networks", "severity", "witnesses"]
  /// They come in pairs, as many as one likes.
  private static let paired = ["asked-if", "not-asked"]
  private static let keys = required + ["too-few"] + paired

  private struct Entry {
    var key: String
    var value: String
    var line: Int
  }

  /// - Parameters:
  ///   - text: the file's content.
  ///   - file: its path, which errors begin with.
  /// - Throws: ``CheckError`` with the line and what belongs there.
  package init(parsing text: String, file: String) throws(CheckError) {
    let entries = try Self.entries(of: text, file: file)
    let header = Dictionary(
      entries.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
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
    conditions = try Self.conditions(of: entries, file: file)
    self.file = file
    self.text = text
  }

  private static func entries(of text: String, file: String) throws(CheckError) -> [Entry] {
    var entries: [Entry] = []
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated() {
      guard line.hasPrefix("--") else { break }
      if line.hasPrefix("--  "), !entries.isEmpty {
        entries[entries.count - 1].value += " " + line.dropFirst(2).drop { $0 == " " }
        continue
      }
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
      guard paired.contains(key) || !entries.contains(where: { $0.key == key }) else {
        throw CheckError("\(place)'\(key)' stands here twice")
      }
      entries.append(Entry(key: key, value: value, line: index + 1))
    }
    if let missing = required.first(where: { key in !entries.contains { $0.key == key } }) {
      throw CheckError("\(file):1: the header has no '-- \(missing): …'")
    }
    return entries
  }

  private static func conditions(
    of entries: [Entry], file: String
  ) throws(CheckError) -> [Condition] {
    let halves = entries.filter { paired.contains($0.key) }
    var conditions: [Condition] = []
    for (index, half) in halves.enumerated() {
      let key = paired[index % 2]
      guard half.key == key, index % 2 == 1 || index + 1 < halves.count else {
        throw CheckError(
          "\(file):\(half.line): 'asked-if' and 'not-asked' come in pairs, in this order")
      }
      if index % 2 == 0 {
        conditions.append(
          Condition(askedIf: half.value, notAsked: halves[index + 1].value, line: half.line))
      }
    }
    return conditions
  }
}
