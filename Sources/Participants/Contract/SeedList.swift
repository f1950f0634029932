/// The seed list, `config.txt`: one `HOST:PORT` per line, as the original programs read and write
/// it. Empty lines are passed over.
package struct SeedList: Equatable, Sendable {
  /// Lines that are read, at most.
  package static let longest = 10_000

  package var seeds: [Address]

  package init(_ seeds: [Address]) { self.seeds = seeds }

  /// - Throws: ``SeedListError`` with the line and what was found there.
  package init(parsing text: some StringProtocol) throws(SeedListError) {
    seeds = []
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated() {
      var line = line[...]
      while let last = line.last, last.isWhitespace { line.removeLast() }
      if line.isEmpty { continue }
      guard let seed = Address(parsing: line), seed.port > 0 else {
        throw SeedListError(line: index + 1, found: String(line.prefix(80)))
      }
      guard seeds.count < Self.longest else {
        throw SeedListError(line: index + 1, found: "more than \(Self.longest) seeds")
      }
      if !seeds.contains(seed) { seeds.append(seed) }
    }
  }
}

/// A line of a seed list that is no address.
package struct SeedListError: Error, CustomStringConvertible {
  /// From 1.
  package let line: Int
  package let found: String

  package var description: String {
    "found '\(found)'; expected a seed's address as HOST:PORT, e.g. 127.0.0.1:5000"
  }
}
