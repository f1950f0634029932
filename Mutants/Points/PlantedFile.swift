/// A network's part of the mutants, as data: where its sources are, and the bugs planted by hand.
///
///     sources: Sources/Participants/Gossip
///
///     in: GossipPeer+Liveness.swift
///     find: misses >= settings.livenessMisses
///     put: misses > settings.livenessMisses
///     why: A neighbour is suspected one probe too late.
///
/// `find` is a part of exactly one line of the file; where it is not, `at` says the line. A whole line
/// that is a statement is replaced as one, anything else as an expression.
package struct PlantedFile: Sendable {
  package struct Bug: Sendable {
    package var file: String
    package var find: String
    package var put: String
    package var at: String?
    package var why: String
    /// Where it stands in the planted file, from 1.
    package var line: Int
  }

  package let path: String
  /// Folders of source files, from the repository's root.
  package private(set) var sources: [String] = []
  package private(set) var bugs: [Bug] = []

  /// - Throws: for what is not of this form.
  package init(parsing text: String, path: String) throws(MutantError) {
    self.path = path
    var block: [String: String] = [:]
    var start = 0
    let lines = "\(text)\n".split(separator: "\n", omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() where !line.hasPrefix("#") {
      if line.isEmpty {
        try take(block, from: start)
        block = [:]
        continue
      }
      guard let colon = line.firstRange(of: ": ") else {
        throw MutantError("\(path):\(index + 1): expected 'KEY: TEXT', found '\(line)'")
      }
      if block.isEmpty { start = index + 1 }
      let key = String(line[..<colon.lowerBound])
      guard block.updateValue(String(line[colon.upperBound...]), forKey: key) == nil else {
        throw MutantError("\(path):\(index + 1): '\(key)' is there twice")
      }
    }
    guard !sources.isEmpty else { throw MutantError("\(path): no 'sources: FOLDER'") }
  }

  private mutating func take(_ block: [String: String], from start: Int) throws(MutantError) {
    guard !block.isEmpty else { return }
    if let folders = block["sources"], block.count == 1 {
      sources = folders.split(separator: " ").map(String.init)
      return
    }
    guard let file = block["in"], let find = block["find"], let put = block["put"],
      let why = block["why"], Set(block.keys).isSubset(of: ["in", "find", "put", "at", "why"])
    else {
      throw MutantError("\(path):\(start): a bug has 'in', 'find', 'put', 'why' and may have 'at'")
    }
    bugs.append(Bug(file: file, find: find, put: put, at: block["at"], why: why, line: start))
  }

  /// The mutant of a bug in its file.
  ///
  /// - Throws: when the text is not there exactly once.
  package func mutant(
    of bug: Bug, in text: SourceText, file: String
  ) throws(MutantError) -> Mutant {
    let found = text.lines.indices.filter {
      (bug.at ?? Line.trimmed(text.lines[$0])) == Line.trimmed(text.lines[$0])
        && text.lines[$0].contains(bug.find)
    }
    guard found.count == 1, let index = found.first else {
      throw MutantError(
        "\(path):\(bug.line): '\(bug.find)' is in \(found.count) lines of \(file); it has to be in "
          + "one: 'at: LINE' says in which")
    }
    let written = text.lines[index]
    let isStatement =
      Line.trimmed(written) == bug.find
      && bug.find.firstMatch(of: /^(guard|if|let|var)\b|\{$/) == nil
      && (bug.find.hasSuffix(")") || bug.find.contains(" = ") || bug.find.contains("= "))
    let indentation = String(written.prefix { $0 == " " })
    let place = written.firstRange(of: bug.find)
    let before = place.map { String(written[..<$0.lowerBound]) } ?? ""
    let after = place.map { String(written[$0.upperBound...]) } ?? ""
    return Mutant(
      rule: "planted", file: file, line: index + 1, change: "'\(bug.find)' became '\(bug.put)'",
      before: Line.trimmed(written)
    ) { number in
      isStatement
        ? "\(indentation)if Mutant.isAwake(\(number)) { \(bug.put) } else { \(bug.find) }"
        : "\(before)(Mutant.isAwake(\(number)) ? (\(bug.put)) : (\(bug.find)))\(after)"
    }
  }
}

/// What is wrong with the mutants' data, or stopped their runs. The text says all.
package struct MutantError: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
