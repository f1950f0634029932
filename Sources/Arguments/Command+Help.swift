/// Help, wrapped at 80 columns.
extension Command {
  private static let width = 80
  /// Where the right-hand column begins.
  private static let column = 26

  /// The text of `--help`, with a newline at its end.
  /// - Parameter path: the command with those it belongs to, e.g. `seedbed run`.
  package func help(path: String) -> String {
    var lines = Self.wrap(summary, indent: 0)
    for paragraph in Self.paragraphs(discussion) {
      lines += [""] + Self.wrap(paragraph, indent: 0)
    }
    lines += ["", "USAGE:"] + Self.wrap(usage(path: path), indent: 2, hanging: 6)
    lines += Self.section("ARGUMENTS", positionals.map { ($0.name, $0.summary) })
    lines += Self.section("COMMANDS", subcommands.map { ($0.name, $0.summary) })
    lines += Self.section("OPTIONS", options.map { ($0.heading, $0.explanation) } + standardOptions)
    if !examples.isEmpty { lines += ["", "EXAMPLES:"] }
    for example in examples {
      lines += ["  \(example.line)"] + Self.wrap(example.summary, indent: 6)
    }
    if !subcommands.isEmpty { lines += ["", "See '\(path) COMMAND --help' for one command."] }
    return lines.map { $0 + "\n" }.joined()
  }

  private func usage(path: String) -> String {
    guard subcommands.isEmpty else { return "\(path) COMMAND …" }
    var parts = [path]
    for positional in positionals {
      switch positional.presence {
      case .required: parts.append(positional.name)
      case .optional: parts.append("[\(positional.name)]")
      case .repeated: parts.append("[\(positional.name) …]")
      }
    }
    parts += options.filter { $0.presence == .required }.map(\.label)
    parts.append("[OPTIONS]")
    return parts.joined(separator: " ")
  }

  private var standardOptions: [(String, String)] {
    (version == nil ? [] : [("--version", "Print the version.")])
      + [("-h, --help", "Print this help.")]
  }

  private static func section(_ title: String, _ entries: [(String, String)]) -> [String] {
    guard !entries.isEmpty else { return [] }
    var lines = ["", "\(title):"]
    for (label, text) in entries {
      var wrapped = wrap(text, indent: column)
      let start = "  \(label)"
      if start.count < column - 1, let first = wrapped.first {
        wrapped[0] = start + first.dropFirst(start.count)
        lines += wrapped
      } else {
        lines += [start] + wrapped
      }
    }
    return lines
  }

  private static func paragraphs(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false)
      .split(separator: "")
      .map { $0.joined(separator: " ") }
  }

  /// Words filled into lines, the first indented by `indent`, the others by `hanging`.
  private static func wrap(_ text: String, indent: Int, hanging: Int? = nil) -> [String] {
    var lines: [String] = []
    var line = String(repeating: " ", count: indent)
    var isEmpty = true
    for word in text.split(separator: " ") {
      if !isEmpty, line.count + 1 + word.count > width {
        lines.append(line)
        line = String(repeating: " ", count: hanging ?? indent)
        isEmpty = true
      }
      line += isEmpty ? String(word) : " \(word)"
      isEmpty = false
    }
    return isEmpty ? lines : lines + [line]
  }
}

extension Option {
  /// `--NAME VALUE`, or `--NAME` for a flag.
  var label: String { value.map { "--\(name) \($0.placeholder)" } ?? "--\(name)" }

  /// All ways to write it, the short one first.
  var spellings: [String] { (letter.map { ["-\($0)"] } ?? []) + ["--\(name)"] }

  /// The label with all spellings.
  var heading: String {
    spellings.dropLast().map { "\($0), " }.joined() + label
  }

  /// The summary with what is allowed and the default.
  var explanation: String {
    var notes: [String] = []
    if let allowed = value?.allowed { notes.append(allowed) }
    switch presence {
    case .optional: break
    case .required: notes.append("required")
    case .repeated: notes.append("repeatable")
    case .defaulted(let value): notes.append("default: \(value)")
    }
    return notes.isEmpty ? summary : "\(summary) (\(notes.joined(separator: "; ")))"
  }
}
