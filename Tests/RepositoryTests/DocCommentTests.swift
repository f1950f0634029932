import Testing

/// What other targets can call says what it does: `CONTRIBUTING.md` has the rule.
@Suite struct DocCommentTests {
  /// Those whose functions are not all documented yet. None is added.
  private static let unfinished: Set<String> = [
    "HTTP", "Hashing", "LiveDriver", "NetworkRules", "Participants", "Relay", "Simulator",
    "Supervisor", "Wire",
  ]

  private static let modifiers: Set<String> = [
    "static", "mutating", "consuming", "borrowing", "final", "override", "nonisolated",
  ]

  /// What a reader knows without being told.
  private static let known = [
    "func ==", "func <", "func hash(into", "func encode(to", "init(from decoder",
  ]

  @Test("whatever other targets can call has a doc comment, and says why it throws")
  func functions() {
    var lacking: Set<String> = []
    for source in RepositoryTests.sources where source.path.hasPrefix("Sources/") {
      let target = String(source.path.split(separator: "/")[1])
      let lines = source.text.split(separator: "\n", omittingEmptySubsequences: false)
      for (index, line) in lines.enumerated() {
        guard let complaint = Self.complaint(of: lines, at: index) else { continue }
        lacking.insert(target)
        #expect(
          Self.unfinished.contains(target), "\(source.path):\(index + 1): \(complaint): \(line)")
      }
    }
    #expect(lacking.isSuperset(of: Self.unfinished), "they are finished: take them off the list")
  }

  /// What a declaration at a line lacks; `nil` where nothing is missing, or nothing is declared.
  private static func complaint(of lines: [Substring], at index: Int) -> String? {
    // Regular expressions would take minutes for all lines.
    let words = lines[index].split(separator: " ")
    guard let access = words.firstIndex(where: { $0 == "package" || $0 == "public" }),
      words[..<access].allSatisfy({ $0.hasPrefix("@") || modifiers.contains(String($0)) }),
      let place = words[(access + 1)...].firstIndex(where: { !modifiers.contains(String($0)) }),
      words[place] == "func" || words[place].hasPrefix("init")
    else { return nil }
    let declared = words[place...].joined(separator: " ")
    guard !known.contains(where: declared.hasPrefix) else { return nil }
    var signature = ""
    for line in lines[index...] {
      signature += line.prefix { $0 != "{" } + " "
      if line.contains("{") || line.isEmpty { break }
    }
    let isThrowing = signature.contains(/\) (async )?throws/)
    // An initialiser that only takes its properties is as plain as they are.
    if words[place] != "func", !isThrowing, !signature.contains("init?(") { return nil }
    let above = lines[..<index].reversed().drop { $0.contains(/^ *@/) }
    let comment = above.prefix { $0.contains(/^ *\/\/\//) }
    if comment.isEmpty { return "no doc comment" }
    return isThrowing && !comment.contains { $0.contains("- Throws:") } ? "no '- Throws:'" : nil
  }
}
