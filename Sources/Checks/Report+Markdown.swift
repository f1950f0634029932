internal import History

/// Markdown for a step's summary or a comment: a table of the checks, then what was found, folded.
extension Report {
  /// GitHub takes a summary of 1 MiB; a comment 65,536 characters.
  static let longestMarkdown = 60_000

  var markdown: String {
    var text = """
      ### \(summary)

      | | check | verdict | |
      |---|---|---|---|

      """
    for finding in findings {
      text +=
        "| \(finding.judgement.verdict.symbol) | `\(finding.name)` "
        + "| \(finding.judgement.verdict.rawValue) | \(Self.cell(finding.judgement.reason)) |\n"
    }
    text += "\nTo run it again: `\(replay)`\n"
    for finding in findings where !finding.details.isEmpty {
      let fence = "````"
      let lines = finding.lines.map { $0.hasPrefix(fence) ? " " + $0 : $0 }
      let folded =
        "\n<details><summary><code>\(finding.name)</code></summary>\n\n\(fence)\n"
        + lines.map { "\($0)\n" }.joined() + "\(fence)\n\n</details>\n"
      guard text.utf8.count + folded.utf8.count <= Self.longestMarkdown else {
        return text + "\nThere is more than fits: `seedbed check \(run)` shows it.\n"
      }
      text += folded
    }
    return text
  }

  /// In a table, a bar ends the cell; the rest would be markup.
  private static func cell(_ text: String) -> String {
    text.printable().map { character in
      "|\\`*_<>[]".contains(character) ? "\\\(character)" : String(character)
    }.joined()
  }
}
