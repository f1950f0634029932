import Foundation
import MutationPoints

/// The mutated build: a copy of the package with all chosen mutants in it, each asleep.
///
/// One build serves all of them, since a mutant is chosen when the program starts.
struct Orchard {
  let root: URL
  let tree: URL
  /// The mutants in the build, by their number, from 1.
  private(set) var mutants: [Int: Mutant] = [:]
  /// Those that the compiler refused.
  private(set) var refused: [Mutant] = []

  init(root: URL) {
    self.root = root
    tree = root.appending(path: ".build/mutants/tree")
  }

  var executable: URL { tree.appending(path: ".build/release/seedbed") }

  /// Plants mutants, one in a line, and builds. What does not compile is taken out again.
  mutating func plant(_ chosen: [Mutant], say: (String) -> Void) throws {
    mutants = Dictionary(uniqueKeysWithValues: zip(1..., chosen))
    for round in 1... {
      try write()
      say("building with \(mutants.count) mutants (round \(round))")
      let output = try build()
      guard !output.isEmpty else { return }
      let wrong = culprits(in: output)
      guard !wrong.isEmpty else {
        throw MutantError("the mutated sources do not compile:\n\(output.suffix(4_000))")
      }
      for number in wrong { mutants.removeValue(forKey: number).map { refused.append($0) } }
    }
  }

  /// Copies the package; what is the same stays as it is, so that little is built again.
  private func write() throws {
    let byFile = Dictionary(grouping: mutants, by: \.value.file)
    for top in ["Package.swift", "Sources", "Tests", "Benchmarks", "Fuzz", "Mutants"] {
      for path in Self.files(under: top, in: root) {
        var text = try String(contentsOf: root.appending(path: path), encoding: .utf8)
        if path == "Package.swift" {
          // Code that can never run, or a value that is not used, is what some mutants are.
          text = text.replacing(".treatAllWarnings(as: .error),", with: "")
        }
        if let here = byFile[path] {
          var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
          for (number, mutant) in here { lines[mutant.line - 1] = mutant.rewritten(number) }
          text = lines.joined(separator: "\n")
        }
        try Self.write(text, to: tree.appending(path: path))
      }
    }
    let declarations = mutants.sorted { $0.key < $1.key }.compactMap { number, mutant in
      mutant.declaration.map { $0(number) }
    }
    try Self.write(
      SwitchFile.text(declarations: declarations),
      to: tree.appending(path: "Sources/Participants/Contract/Mutant.swift"))
  }

  private static func write(_ text: String, to file: URL) throws {
    let data = Data(text.utf8)
    guard (try? Data(contentsOf: file)) != data else { return }
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: file)
  }

  /// The paths, from the root, of a file, or of all source files in a folder.
  static func files(under top: String, in root: URL) -> [String] {
    guard let all = FileManager.default.enumerator(atPath: root.appending(path: top).path) else {
      return []
    }
    let inside = all.compactMap { $0 as? String }.filter { file in
      [".swift", ".c", ".h", ".modulemap"].contains { file.hasSuffix($0) }
    }
    return inside.isEmpty ? [top] : inside.sorted().map { "\(top)/\($0)" }
  }

  /// What the compiler said, if it did not build.
  private func build() throws -> String {
    let build = Process()
    build.executableURL = URL(filePath: "/usr/bin/env")
    build.arguments = [
      "swift", "build", "-c", "release", "--product", "seedbed", "--package-path", tree.path,
    ]
    let pipe = Pipe()
    build.standardOutput = pipe
    build.standardError = pipe
    try build.run()
    let output = String(
      decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    build.waitUntilExit()
    return build.terminationStatus == 0 ? "" : output
  }

  /// The mutants that errors are about: those in a line with an error, or else the nearest before it.
  private func culprits(in output: String) -> Set<Int> {
    var wrong: Set<Int> = []
    for match in output.matches(of: /(\S+\.swift):(\d+):\d+: error:/) {
      guard let line = Int(match.2) else { continue }
      let here = mutants.filter { match.1.hasSuffix("/tree/\($0.value.file)") }
      if let exact = here.first(where: { $0.value.line == line }) {
        wrong.insert(exact.key)
      } else if let before = here.filter({ $0.value.line < line })
        .max(by: { $0.value.line < $1.value.line })
      {
        wrong.insert(before.key)
      } else if match.1.hasSuffix("/Contract/Mutant.swift") {
        // A declaration that nothing fits: its operator is used in the mutant's line alone.
        wrong.formUnion(mutants.filter { $0.value.declaration != nil }.keys)
      }
    }
    return wrong
  }
}
