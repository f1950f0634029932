import MutationPoints

/// What became of the mutants.
struct Table {
  private let reviewed: [String: String]
  private let refused: Int
  private var rows: [(network: String, mutant: Mutant, fate: Fate)] = []

  init(reviewed: [String: String], refused: Int) {
    self.reviewed = reviewed
    self.refused = refused
  }

  mutating func add(_ network: String, _ mutant: Mutant, _ fate: Fate) {
    rows.append((network, mutant, fate))
  }

  private struct Sums {
    var found = 0
    var missed = 0
    var reviewed = 0
    var withoutEffect = 0

    var rate: Double { found + missed == 0 ? 1 : Double(found) / Double(found + missed) }
  }

  private func sums(of network: String? = nil) -> Sums {
    rows.filter { network == nil || $0.network == network }.reduce(into: Sums()) { sums, row in
      switch row.fate {
      case .found: sums.found += 1
      case .missed where reviewed[row.mutant.identity] != nil: sums.reviewed += 1
      case .missed: sums.missed += 1
      case .withoutEffect: sums.withoutEffect += 1
      }
    }
  }

  /// Found, of those with an effect that nobody has explained; 1 where there is none.
  var rate: Double { sums().rate }

  /// Every mutant that was missed, and a line for each network.
  var text: String {
    var lines = rows.compactMap { row -> String? in
      guard case .missed = row.fate, reviewed[row.mutant.identity] == nil else { return nil }
      return "missed  \(row.mutant.file):\(row.mutant.line): \(row.mutant.change)\n"
        + "        \(row.mutant.before)"
    }
    lines.append("")
    lines.append(
      ["network", "found", "missed", "explained", "no effect", "rate"].map(Self.column).joined())
    var networks: [String?] = []
    for row in rows where !networks.contains(row.network) { networks.append(row.network) }
    for network in networks + (networks.count > 1 ? [nil] : []) {
      let sums = sums(of: network)
      lines.append(
        [
          network ?? "all", "\(sums.found)", "\(sums.missed)", "\(sums.reviewed)",
          "\(sums.withoutEffect)", "\(Int(sums.rate * 100)) %",
        ].map(Self.column).joined())
    }
    lines.append("\(refused) more did not compile")
    return lines.joined(separator: "\n")
  }

  private static func column(_ text: String) -> String {
    text + String(repeating: " ", count: max(1, 11 - text.count))
  }

  /// A line for each: its network, rule, place, change, line and fate, with tabs between them.
  var lines: String {
    rows.map { row in
      let fate =
        switch row.fate {
        case .found(let checks, let topology, let seed):
          "found by \(checks.joined(separator: ", ")) (\(topology), seed \(seed))"
        case .missed: reviewed[row.mutant.identity].map { "explained: \($0)" } ?? "missed"
        case .withoutEffect: "no effect"
        }
      return [
        row.network, row.mutant.rule, "\(row.mutant.file):\(row.mutant.line)", row.mutant.change,
        row.mutant.before, fate,
      ].joined(separator: "\t") + "\n"
    }.joined()
  }
}
