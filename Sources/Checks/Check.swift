package import Messages
import NetworkFolders

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
  /// How many witnesses the plan gives it at the least; `nil` where nobody knows beforehand.
  package var expected: PlanExpression?
  /// What a topology must give it to judge; all of them. None: every topology does.
  package var conditions: [Condition] = []
  /// The path it was read from.
  package var file: String
  /// The whole file. SQLite takes the header for comments, so places in it are places in the file.
  package var text: String

  /// An SQL expression over the plan, in the header.
  package struct PlanExpression: Sendable, Equatable {
    package var key: String
    package var sql: String
    /// Where it stands in the file.
    package var line: Int
  }

  /// A line `asked-if` of the header with the line `not-asked` after it.
  package struct Condition: Sendable, Equatable {
    /// Where it is 0, there is nothing to judge.
    package var askedIf: PlanExpression
    /// Why there is nothing then, in words.
    package var notAsked: String
  }

  /// Every expression over the plan that the header has.
  var planExpressions: [PlanExpression] {
    conditions.map(\.askedIf) + [expected].compactMap(\.self)
  }

  /// Whether it is for runs of this network.
  package func judges(_ network: String) -> Bool { networks.isEmpty || networks.contains(network) }
}

extension Check.PlanExpression {
  fileprivate init(_ entry: SQLHeader.Entry) {
    self.init(key: entry.key, sql: entry.value, line: entry.line)
  }
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

/// Reads the header.
extension Check {
  /// They come in pairs, as many as one likes.
  private static let paired = ["asked-if", "not-asked"]
  private static let keys = SQLHeader.Keys(
    required: ["check", "promise", "networks", "severity", "witnesses"],
    optional: ["too-few", "expected"],
    repeated: paired)

  /// - Parameters:
  ///   - text: the file's content.
  ///   - file: its path, which errors begin with.
  /// - Throws: ``CheckError`` with the line and what belongs there.
  package init(parsing text: String, file: String) throws(CheckError) {
    do throws(NetworkFileError) {
      try self.init(header: SQLHeader(parsing: text, file: file, keys: Self.keys), text, file)
    } catch {
      throw CheckError(error.description)
    }
  }

  private init(header: SQLHeader, _ text: String, _ file: String) throws(NetworkFileError) {
    try header.checkName("check")
    name = header.value("check")
    promise = header.value("promise")
    networks =
      header.value("networks") == "any"
      ? []
      : header.value("networks").split(separator: ",").map {
        String($0.drop { $0 == " " }.prefix { $0 != " " })
      }
    guard let severity = Severity(rawValue: header.value("severity")) else {
      throw header.refusal(
        "severity", "unknown severity '\(header.value("severity"))'; there are: error, warning")
    }
    self.severity = severity
    guard let least = Int(header.value("witnesses")), least > 0 else {
      throw header.refusal(
        "witnesses", "'\(header.value("witnesses"))' is not the least number of witnesses, from 1")
    }
    leastWitnesses = least
    tooFew = header.value("too-few")
    expected = header["expected"].map(PlanExpression.init)
    conditions = try Self.conditions(of: header.entries, file: file)
    self.file = file
    self.text = text
  }

  private static func conditions(
    of entries: [SQLHeader.Entry], file: String
  ) throws(NetworkFileError) -> [Condition] {
    let halves = entries.filter { paired.contains($0.key) }
    var conditions: [Condition] = []
    for (index, half) in halves.enumerated() {
      let key = paired[index % 2]
      guard half.key == key, index % 2 == 1 || index + 1 < halves.count else {
        throw NetworkFileError(
          "\(file):\(half.line): 'asked-if' and 'not-asked' come in pairs, in this order")
      }
      if index % 2 == 0 {
        conditions.append(
          Condition(askedIf: PlanExpression(half), notAsked: halves[index + 1].value))
      }
    }
    return conditions
  }
}
