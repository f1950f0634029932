/// The kinds of events that the history needs to be judged: those that its rows are made of, and that
/// the views name which checks read.
package enum NeededKinds {
  /// For checks with these texts; `nil` when they may need every kind.
  ///
  /// A check that reads views alone needs what these do, and the views that they read. One that
  /// reads `events` itself may count kinds that it does not name.
  package static func forChecks(_ texts: [String], views: Views) -> Set<String>? {
    var code = texts.map(withoutComments).joined()
    guard code.firstMatch(of: /\bevents\b/.ignoresCase()) == nil else { return nil }
    code += views.named(by: code).map { withoutComments($0.body) }.joined()
    return recorded.union(quotedKinds(in: code))
  }

  private static let recorded = Set(RecordedFacts.ofSupervisor.keys)
    .union(RecordedFacts.ofNode.keys).union([RecordedFacts.stopped])

  /// What stands in quotes and looks like a kind: `area.verb`.
  private static func quotedKinds(in sql: String) -> [String] {
    sql.matches(of: /'([a-z]+\.[a-z]+)'/).map { String($0.1) }
  }

  private static func withoutComments(_ sql: String) -> String {
    sql.split(whereSeparator: \.isNewline).map { line in
      line.prefix(upTo: line.firstRange(of: "--")?.lowerBound ?? line.endIndex) + "\n"
    }.joined()
  }
}
