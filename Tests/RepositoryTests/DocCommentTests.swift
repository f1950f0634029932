import Testing

/// What other targets can call says what it does: `CONTRIBUTING.md` has the rule.
@Suite struct DocCommentTests {
  private static let modifiers: Set<String> = [
    "static", "mutating", "consuming", "borrowing", "final", "override", "nonisolated",
  ]

  /// What a reader knows without being told.
  private static let known = [
    "func ==", "func <", "func + ", "func - ", "func * ", "func hash(into", "func encode(to",
    "init(from decoder",
    // Of each participant: the protocol says what it is.
    "func handle(_ input: Input, _ turn: inout Turn)",
  ]

  @Test("whatever other targets can call has a doc comment, and says why it throws")
  func functions() {
    for source in RepositoryTests.sources where source.path.hasPrefix("Sources/") {
      let lines = source.text.split(separator: "\n", omittingEmptySubsequences: false)
      for (index, line) in lines.enumerated() {
        let complaint = Self.complaint(of: lines, at: index)
        #expect(complaint == nil, "\(source.path):\(index + 1): \(line)")
      }
    }
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
