import Messages

/// A command as data: what it is called, what it takes and what its help says.
///
/// The manner is swift-argument-parser's, so that moving over is easy once it can be had here; the
/// difference is that a command is a value, because `seedbed-node` makes its commands from the
/// catalogue of roles. No Foundation: nodes stay small.
package struct Command: Sendable {
  package var name: String
  /// One line: what it does.
  package var summary: String
  /// Paragraphs, separated by empty lines.
  package var discussion: String
  package var examples: [Example]
  package var positionals: [Positional]
  package var options: [Option]
  /// A command with subcommands takes nothing but the name of one.
  package var subcommands: [Command]
  /// What `--version` prints; `nil` for a command without it.
  package var version: String?

  package init(
    _ name: String, _ summary: String, discussion: String = "", examples: [Example] = [],
    positionals: [Positional] = [], options: [Option] = [], subcommands: [Command] = [],
    version: String? = nil
  ) {
    self.name = name
    self.summary = summary
    self.discussion = discussion
    self.examples = examples
    self.positionals = positionals
    self.options = options
    self.subcommands = subcommands
    self.version = version
  }
}

/// A command line to copy, and what it does.
package struct Example: Sendable {
  package var line: String
  package var summary: String

  package init(_ line: String, _ summary: String) {
    self.line = line
    self.summary = summary
  }
}

/// An argument known by its place.
package struct Positional: Sendable {
  package enum Presence: Sendable { case required, optional, repeated }

  /// In capitals, as help shows it and ``ParsedArguments`` finds it, e.g. `TOPOLOGY`.
  package var name: String
  package var presence: Presence
  package var summary: String

  package init(_ name: String, _ summary: String, _ presence: Presence = .required) {
    self.name = name
    self.presence = presence
    self.summary = summary
  }
}

/// An argument known by its name: `--NAME VALUE` or `--NAME=VALUE`, or `--NAME` alone for a flag. One
/// that has a letter may be written `-LETTER` too.
package struct Option: Sendable {
  package enum Presence: Equatable, Sendable {
    case optional
    case required
    /// May be given any number of times.
    case repeated
    /// The value where none is given, as it would be written.
    case defaulted(String)
  }

  /// Without the hyphens.
  package var name: String
  package var letter: Character?
  /// `nil` for a flag.
  package var value: ValueKind?
  package var presence: Presence
  package var summary: String
  /// The option without which this one means nothing.
  package var companion: String?

  package init(
    _ name: String, letter: Character? = nil, _ value: ValueKind?, _ summary: String,
    _ presence: Presence = .optional
  ) {
    self.name = name
    self.letter = letter
    self.value = value
    self.presence = presence
    self.summary = summary
  }

  /// The same for use with another option only: alone it is refused.
  package func with(_ companion: String) -> Option {
    var option = self
    option.companion = companion
    return option
  }

  /// An option without a value.
  package static func flag(_ name: String, _ summary: String) -> Option {
    Option(name, nil, summary)
  }
}

/// What an option's value may be. It is checked while the command line is read.
package struct ValueKind: Sendable {
  /// What stands for the value in help, in capitals.
  package var placeholder: String
  /// What is allowed, for help and messages; `nil` for any text.
  package var allowed: String?
  package var accepts: @Sendable (String) -> Bool
  /// What a text that is not accepted was probably meant to be.
  package var guess: @Sendable (String) -> String? = { _ in nil }

  package init(
    _ placeholder: String, allowed: String?, accepts: @escaping @Sendable (String) -> Bool
  ) {
    self.placeholder = placeholder
    self.allowed = allowed
    self.accepts = accepts
  }

  /// Any text.
  package static func text(_ placeholder: String) -> ValueKind {
    ValueKind(placeholder, allowed: nil) { _ in true }
  }

  /// A whole number in a range.
  package static func integer(
    _ placeholder: String, _ range: ClosedRange<Int64>
  ) -> ValueKind {
    ValueKind(
      placeholder, allowed: "a whole number from \(range.lowerBound) to \(range.upperBound)"
    ) { text in Int64(text).map(range.contains) ?? false }
  }

  /// One of these words.
  package static func choice(_ placeholder: String, _ words: [String]) -> ValueKind {
    let head = words.dropLast().joined(separator: ", ")
    let allowed = head.isEmpty ? words.joined() : "\(head) or \(words.suffix(1).joined())"
    var kind = ValueKind(placeholder, allowed: allowed) { words.contains($0) }
    kind.guess = { nearestWord(to: $0, among: words) }
    return kind
  }
}
