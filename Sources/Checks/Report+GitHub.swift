internal import Messages

/// Workflow commands of GitHub Actions: an annotation of the topology's file for each check that did
/// not pass, and a notice that counts and names those that were not asked.
extension Report {
  /// GitHub shows ten annotations of a level in a step, and passes over the rest.
  private static let mostAnnotations = 10

  var github: String {
    let levels: [(level: String, outcomes: [Outcome])] = [
      ("error", [.failed, .broken]), ("warning", [.skipped, .warned]),
    ]
    var lines: [String] = []
    for (level, outcomes) in levels {
      let findings = findings.filter { outcomes.contains($0.outcome) }
      // The last place is for what is left out.
      let fits = findings.count <= Self.mostAnnotations
      for finding in findings.prefix(fits ? findings.count : Self.mostAnnotations - 1) {
        let text = ([finding.message] + finding.lines + [replay]).joined(separator: "\n")
        lines.append(annotation(level, title: finding.name, text))
      }
      if !fits {
        let others = findings.dropFirst(Self.mostAnnotations - 1).map(\.name)
        lines.append(
          annotation(level, title: "more checks", others.joined(separator: ", ")))
      }
    }
    let unasked = findings.filter { $0.outcome == .notAsked }.map { "\($0.name): \($0.message)" }
    lines.append(
      annotation("notice", title: "seedbed", ([summary] + unasked).joined(separator: "\n")))
    return lines.map { "\($0)\n" }.joined()
  }

  /// `4 passed, 1 not asked: run NAME`.
  var summary: String {
    "\(findings.isEmpty ? "no checks" : findings.map(\.judgement).summary): run \(run)"
  }

  private func annotation(_ level: String, title: String, _ text: String) -> String {
    "::\(level) file=\(Self.property(topology)),title=\(Self.property(title))::\(Self.data(text))"
  }

  private static func data(_ text: String) -> String {
    escaped(text, [("%", "%25"), ("\r", "%0D"), ("\n", "%0A")])
  }

  private static func property(_ text: String) -> String {
    escaped(
      text, [("%", "%25"), ("\r", "%0D"), ("\n", "%0A"), (":", "%3A"), (",", "%2C")])
  }

  private static func escaped(_ text: String, _ signs: [(Unicode.Scalar, String)]) -> String {
    text.unicodeScalars.map { scalar in
      signs.first { $0.0 == scalar }?.1 ?? String(scalar)
    }.joined()
  }
}
