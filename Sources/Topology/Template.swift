/// A text with placeholders in braces, as a program's command line, environment, input and files are
/// written: `--listen={host}:{port}`. A brace itself is doubled: `{{`, `}}`.
package struct Template: Sendable {
  package enum Placeholder: Hashable, Sendable {
    /// The node's name, and its number in its group, from 1.
    case name, index
    /// The node's own folder, and the file for events that it writes itself.
    case dir, log
    /// The list of seeds.
    case config
    /// The run's seed.
    case seed
    /// What is known of an address: of a node, or of all nodes of a group; `nil` for the node's own.
    case address(AddressPart, of: String?)
  }

  package enum AddressPart: String, CaseIterable, Sendable {
    /// `HOST:PORT`.
    case address
    case host
    case port
  }

  package enum Part: Equatable, Sendable {
    case text(String)
    case placeholder(Placeholder)
  }

  package struct SyntaxError: Error, Equatable, CustomStringConvertible {
    package var description: String
    /// In bytes from the beginning of the text.
    var offset: Int
  }

  package let parts: [Part]

  private static let simple: [(name: String, placeholder: Placeholder)] = [
    ("name", .name), ("index", .index), ("dir", .dir), ("log", .log), ("config", .config),
    ("seed", .seed),
  ]

  /// Every placeholder as it is written, for messages.
  static let allowed =
    (simple.map { "{\($0.name)}" } + AddressPart.allCases.map { "{\($0.rawValue)}" }
    + AddressPart.allCases.map { "{\($0.rawValue):NODE}" }).joined(separator: ", ")

  /// Reads a text with placeholders.
  ///
  /// - Throws: what is wrong with its braces, or with what stands in them.
  package init(parsing text: String) throws(SyntaxError) {
    var parts: [Part] = []
    var plain: [UInt8] = []
    var rest = Array(text.utf8)[...]
    let (open, close) = (UInt8(ascii: "{"), UInt8(ascii: "}"))
    while let byte = rest.popFirst() {
      guard byte == open || byte == close else {
        plain.append(byte)
        continue
      }
      if rest.first == byte {
        rest.removeFirst()
        plain.append(byte)
        continue
      }
      let offset = rest.startIndex - 1
      guard byte == open, let end = rest.firstIndex(of: close) else {
        throw SyntaxError(
          description: "a '\(byte == open ? "{" : "}")' stands alone: placeholders are written "
            + "{name}, and a brace itself is doubled", offset: offset)
      }
      let name = String(decoding: rest[..<end], as: UTF8.self)
      guard let placeholder = Self.placeholder(name) else {
        throw SyntaxError(
          description: "unknown placeholder '{\(name)}'; there are: \(Self.allowed); a brace "
            + "itself is doubled", offset: offset)
      }
      if !plain.isEmpty { parts.append(.text(String(decoding: plain, as: UTF8.self))) }
      plain = []
      parts.append(.placeholder(placeholder))
      rest = rest[(end + 1)...]
    }
    if !plain.isEmpty { parts.append(.text(String(decoding: plain, as: UTF8.self))) }
    self.parts = parts
  }

  private static func placeholder(_ text: String) -> Placeholder? {
    if let found = simple.first(where: { $0.name == text }) { return found.placeholder }
    let words = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard let part = AddressPart(rawValue: String(words[0])) else { return nil }
    guard words.count == 2 else { return .address(part, of: nil) }
    return words[1].isEmpty ? nil : .address(part, of: String(words[1]))
  }

  /// A text without placeholders, as it is written.
  static func escaped(_ text: String) -> String {
    String(text.flatMap { $0 == "{" || $0 == "}" ? [$0, $0] : [$0] })
  }

  package var placeholders: [Placeholder] {
    parts.compactMap { if case .placeholder(let placeholder) = $0 { placeholder } else { nil } }
  }

  /// The text with a value for each placeholder.
  ///
  /// - Throws: what `value` throws.
  package func filled<Failure>(
    _ value: (Placeholder) throws(Failure) -> String
  ) throws(Failure) -> String {
    var text = ""
    for part in parts {
      switch part {
      case .text(let plain): text += plain
      case .placeholder(let placeholder): text += try value(placeholder)
      }
    }
    return text
  }
}
