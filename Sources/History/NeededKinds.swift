/// The kinds of events that the history needs to be judged: those that its rows are made of and that
/// its views name.
package enum NeededKinds {
  /// For checks with these texts; `nil` when they may need every kind.
  ///
  /// A check that reads views alone needs what the views do. One that reads `events` itself may
  /// count kinds that it does not name.
  package static func forChecks(_ texts: [String]) -> Set<String>? {
    texts.contains(where: readsEvents) ? nil : known
  }

  private static let known = Set(RecordedFacts.ofSupervisor.keys)
    .union(RecordedFacts.ofNode.keys).union([RecordedFacts.stopped])
    .union(View.all.flatMap { quotedKinds(in: $0.body) })

  /// What stands in quotes and looks like a kind: `area.verb`.
  private static func quotedKinds(in sql: String) -> [String] {
    sql.matches(of: /'([a-z]+\.[a-z]+)'/).map { String($0.1) }
  }

  private static func readsEvents(_ text: String) -> Bool {
    text.split(whereSeparator: \.isNewline).contains { line in
      let code = line.prefix(upTo: line.firstRange(of: "--")?.lowerBound ?? line.endIndex)
      return code.firstMatch(of: /\bevents\b/.ignoresCase()) != nil
    }
  }
}
