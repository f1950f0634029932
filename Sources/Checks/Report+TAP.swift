/// The Test Anything Protocol, version 14 (testanything.org): a test point for each check, with a
/// YAML block where it did not simply pass.
///
/// An inconclusive check is a SKIP; a warning that was violated is marked as
/// work to be done, which fails nothing.
extension Report {
  var tap: String {
    var lines = ["TAP version 14", "1..\(findings.count)", "# \(replay)"]
    for (index, finding) in findings.enumerated() {
      let point = "\(index + 1) - \(finding.name)"
      let reason = finding.message.split(separator: "#").joined(separator: "\\#")
      switch finding.outcome {
      case .passed: lines.append("ok \(point)")
      case .skipped: lines.append("ok \(point) # SKIP \(reason)")
      case .warned: lines.append("not ok \(point) # TODO \(reason)")
      case .failed, .broken: lines.append("not ok \(point)")
      }
      guard finding.outcome != .passed else { continue }
      // Every JSON text is YAML.
      lines += ["  ---", "  message: \(JSON.text(finding.message))", "  lines:"]
      lines += finding.lines.map { "    - \(JSON.text($0))" }
      lines.append("  ...")
    }
    return lines.map { "\($0)\n" }.joined()
  }
}
