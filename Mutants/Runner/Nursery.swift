import Foundation
import MutationPoints

/// Where the mutants come from: the repository's sources and `Mutants/`.
struct Nursery {
  let root: URL
  /// By network.
  let planted: [String: PlantedFile]
  /// Why a mutant need not be found, by ``Mutant/identity``.
  let reviewed: [String: String]

  init(root: URL) throws {
    self.root = root
    let folder = root.appending(path: "Mutants/planted")
    guard let files = try? FileManager.default.contentsOfDirectory(atPath: folder.path) else {
      throw MutantError("there is no folder Mutants/planted here: run it in the repository")
    }
    planted = try Dictionary(
      uniqueKeysWithValues: files.filter { $0.hasSuffix(".txt") }.map { file in
        let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
        return (
          String(file.dropLast(4)),
          try PlantedFile(parsing: text, path: "Mutants/planted/\(file)")
        )
      })
    reviewed = try Self.reviewed(root.appending(path: "Mutants/reviewed.txt"))
  }

  /// Blocks of two lines: the mutant's identity, and the reason after two spaces.
  private static func reviewed(_ file: URL) throws -> [String: String] {
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
      .filter { !$0.hasPrefix("#") }
    var reasons: [String: String] = [:]
    for (identity, reason) in zip(lines, lines.dropFirst()) where reason.hasPrefix("  ") {
      reasons[String(identity)] = String(reason.dropFirst(2))
    }
    return reasons
  }

  func topologies(of network: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "topologies").path)
      .filter { $0.hasSuffix(".yaml") }.sorted().map { "topologies/\($0)" }
      .filter {
        try String(contentsOf: root.appending(path: $0), encoding: .utf8)
          .contains("network: \(network)\n")
      }
  }

  /// All that is planted by hand, and so many of those by rule; one in a line, and none where one of
  /// the others is.
  func mutants(
    of network: String, count: Int, sample: UInt64, besides others: [Mutant]
  ) throws -> [Mutant] {
    guard let plan = planted[network] else { return [] }
    var taken = Set(others.map { "\($0.file):\($0.line)" })
    var chosen: [Mutant] = []
    let files = plan.sources.flatMap { Orchard.files(under: $0, in: root) }
    let texts = try Dictionary(
      uniqueKeysWithValues: files.map { file in
        let text = try String(contentsOf: root.appending(path: file), encoding: .utf8)
        return (file, SourceText(text))
      })
    for bug in plan.bugs {
      guard let file = files.first(where: { $0.hasSuffix("/\(bug.file)") }), let text = texts[file]
      else { throw MutantError("\(plan.path):\(bug.line): there is no file \(bug.file)") }
      let mutant = try plan.mutant(of: bug, in: text, file: file)
      if taken.insert("\(file):\(mutant.line)").inserted { chosen.append(mutant) }
    }
    // By what each is, so that a change elsewhere leaves the sample as it is.
    let byRule = files.flatMap { file in
      texts[file].map { MutationRules.mutants(in: $0, file: file) } ?? []
    }.map { (order: Self.hash("\(sample) \($0.identity)"), mutant: $0) }
      .sorted { ($0.order, $0.mutant.line) < ($1.order, $1.mutant.line) }
    var left = count
    for (_, mutant) in byRule where left > 0 {
      guard taken.insert("\(mutant.file):\(mutant.line)").inserted else { continue }
      chosen.append(mutant)
      left -= 1
    }
    return chosen
  }

  /// FNV-1a, 64 bits.
  private static func hash(_ text: String) -> UInt64 {
    text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
