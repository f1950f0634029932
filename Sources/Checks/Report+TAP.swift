/// The Test Anything Protocol, version 14 (testanything.org): a test point for each check, with a
/// YAML block where it did not simply pass.
///
/// An inconclusive check is a SKIP, and so is one that was not asked; a warning that was violated is marked as
/// work to be done, which fails nothing.
extension Report {
  var tap: String {
    var lines = ["TAP version 14", "1..\(findings.count)", "# \(replay)"]
    for (index, finding) in findings.enumerated() {
      let point = "\(index + 1) - \(finding.name)"
      let reason = finding.message.split(separator: "#").joined(separator: "\\#")
      switch finding.outcome {
      case .passed: lines.append("ok \(point)")
      case .skipped, .notAsked: lines.append("ok \(point) # SKIP \(reason)")
      case .warned: lines.append("not ok \(point) # TODO \(reason)")
      case .failed, .broken: lines.append("not ok \(point)")
      }
      guard finding.outcome != .passed else { continue }
      lines += ["  ---", "  message: \(yaml(finding.message))", "  lines:"]
      lines += finding.lines.map { "    - \(yaml($0))" }
      lines.append("  ...")
    }
    return lines.map { "\($0)\n" }.joined()
  }
  /// A JSON text is YAML, but for the characters that YAML takes for line breaks, or for none at all
  /// (YAML 1.2, section 5.1).
  private func yaml(_ text: String) -> String {
    JSON.text(text).unicodeScalars.map { scalar in
      switch scalar.value {
      case 0x7f...0x9f, 0x2028, 0x2029, 0xfeff, 0xfffe, 0xffff:
        "\\u\(String(scalar.value + 0x10000, radix: 16).dropFirst())"
      default: String(scalar)
      }
    }.joined()
  }
}
