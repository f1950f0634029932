internal import Foundation

/// JUnit's XML, as Jenkins and GitLab read it: one suite, a test case for each check.
///
/// An inconclusive check is *skipped*, and so is one that was not asked; a warning passes, and says what it has to in its output.
extension Report {
  var junit: String {
    let time = Self.decimal(seconds)
    let counts = [
      ("tests", String(findings.count)), ("failures", String(count(.failed))),
      ("errors", String(count(.broken))), ("time", time),
    ]
    let properties = [
      ("run", run), ("driver", driver), ("seed", seed), ("topology", topology),
      ("replay", replay),
    ]
    let moment = launched.ISO8601Format(.iso8601(timeZone: .gmt)).prefix { $0 != "Z" }
    // Of the two, only a suite counts what was skipped.
    let suite =
      [("name", "seedbed.\(network)")] + counts
      + [("skipped", String(count(.skipped) + count(.notAsked))), ("timestamp", String(moment))]
    var lines = [#"<?xml version="1.0" encoding="UTF-8"?>"#]
    lines.append(Self.tag("testsuites", [("name", "seedbed")] + counts))
    lines.append("  " + Self.tag("testsuite", suite))
    lines.append("    <properties>")
    for (name, value) in properties {
      lines.append("      " + Self.tag("property", [("name", name), ("value", value)], end: "/>"))
    }
    lines.append("    </properties>")
    for finding in findings { lines += testCase(finding) }
    lines += ["  </testsuite>", "</testsuites>"]
    return lines.map { "\($0)\n" }.joined()
  }

  private func testCase(_ finding: Finding) -> [String] {
    let attributes = [
      ("name", finding.name), ("classname", "seedbed.\(network)"), ("time", "0"),
    ]
    let text = Self.escaped(finding.lines.joined(separator: "\n"))
    let message = ("message", finding.message)
    let body: String
    switch finding.outcome {
    case .passed: return ["    " + Self.tag("testcase", attributes, end: "/>")]
    case .warned:
      body = "<system-out>\(Self.escaped("warning: \(finding.message)\n"))\(text)</system-out>"
    case .skipped, .notAsked: body = Self.tag("skipped", [message], end: "/>")
    case .failed:
      body = Self.tag("failure", [message, ("type", "violation")]) + text + "</failure>"
    case .broken: body = Self.tag("error", [message, ("type", "check")]) + text + "</error>"
    }
    return ["    " + Self.tag("testcase", attributes), "      \(body)", "    </testcase>"]
  }

  private static func tag(
    _ name: String, _ attributes: [(String, String)], end: String = ">"
  ) -> String {
    "<\(name)" + attributes.map { " \($0)=\"\(escaped($1))\"" }.joined() + end
  }

  private static func decimal(_ seconds: Double) -> String { String(format: "%.3f", seconds) }

  /// What XML 1.0 takes: its own signs escaped, and what it has no place for replaced.
  private static func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "\n": escaped.unicodeScalars.append(scalar)
      case "\u{0}"..<" ", "\u{7f}"..."\u{9f}", "\u{fffe}", "\u{ffff}": escaped += "\u{fffd}"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
