import Messages

/// The head of an SQL file: lines `-- KEY: VALUE` from the first line to the first that is no comment.
/// A line with two spaces or more before its text goes on with the value above.
package struct SQLHeader: Sendable {
  package struct Entry: Sendable {
    package var key: String
    package var value: String
    /// Where it stands in the file, from 1.
    package var line: Int
  }

  /// What may stand there.
  package struct Keys: Sendable {
    package var required: [String]
    package var optional: [String]
    /// Those that may be there more than once.
    package var repeated: [String]

    package init(required: [String], optional: [String] = [], repeated: [String] = []) {
      self.required = required
      self.optional = optional
      self.repeated = repeated
    }

    var all: [String] {
      required + (optional + repeated).filter { !required.contains($0) }
    }
  }

  package let entries: [Entry]
  /// The first line that is not the header's.
  package let end: Int
  /// What follows the header.
  package let body: Substring
  private let file: String

  /// - Parameters:
  ///   - text: the file's content.
  ///   - file: its path, which errors begin with.
  /// - Throws: for a key that is unknown, missing or there twice, with its line.
  package init(
    parsing text: String, file: String, keys: Keys
  ) throws(NetworkFileError) {
    var entries: [Entry] = []
    var rest = text[...]
    var number = 0
    // In bytes: each command reads the headers of all views.
    while let line = Self.takeComment(from: &rest) {
      number += 1
      if line.utf8.starts(with: "--  ".utf8), !entries.isEmpty {
        entries[entries.count - 1].value += " " + Self.trimmed(line.utf8.dropFirst(2))
        continue
      }
      let place = { "\(file):\(number): " }
      guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")) else {
        throw NetworkFileError(
          "\(place())this is no '-- KEY: VALUE'; an empty line ends the header")
      }
      let key = Self.trimmed(line.utf8[..<colon].drop { $0 == UInt8(ascii: "-") })
      let value = Self.trimmed(line.utf8[colon...].dropFirst())
      guard keys.all.contains(key) else {
        throw NetworkFileError(
          "\(place())unknown key '\(key)'\(suggestion(for: key, among: keys.all)); allowed here: "
            + keys.all.joined(separator: ", "))
      }
      guard !value.isEmpty else { throw NetworkFileError("\(place())'\(key)' has no value") }
      guard keys.repeated.contains(key) || !entries.contains(where: { $0.key == key }) else {
        throw NetworkFileError("\(place())'\(key)' stands here twice")
      }
      entries.append(Entry(key: key, value: value, line: number))
    }
    if let missing = keys.required.first(where: { key in !entries.contains { $0.key == key } }) {
      throw NetworkFileError("\(file):1: the header has no '-- \(missing): …'")
    }
    self.entries = entries
    end = number + 1
    body = rest
    self.file = file
  }

  /// A line that is a comment, without what ends it.
  private static func takeComment(from rest: inout Substring) -> Substring? {
    guard rest.utf8.starts(with: "--".utf8) else { return nil }
    let end = rest.utf8.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
    let line = rest[..<end]
    rest = rest[end...].utf8.isEmpty ? "" : Substring(rest.utf8[end...].dropFirst())
    return line.utf8.last == UInt8(ascii: "\r") ? Substring(line.utf8.dropLast()) : line
  }

  private static func trimmed(_ bytes: Substring.UTF8View) -> String {
    String(Substring(bytes.drop { $0 == UInt8(ascii: " ") }))
  }

  /// The first entry of a key.
  package subscript(key: String) -> Entry? { entries.first { $0.key == key } }

  /// The first value of a key; nothing where there is none.
  package func value(_ key: String) -> String { self[key]?.value ?? "" }

  /// What is wrong with a key's value.
  package func refusal(_ key: String, _ message: String) -> NetworkFileError {
    NetworkFileError("\(file):\(self[key]?.line ?? 1): \(message)")
  }

  /// Makes sure that the file has the name that a key says.
  ///
  /// - Throws: where it has another.
  package func checkName(_ key: String) throws(NetworkFileError) {
    let stem = file.split(separator: "/").last.map { $0.dropLast(".sql".count) } ?? ""
    let name = value(key)
    guard name == stem else {
      throw refusal(
        key,
        "the \(key) is called '\(name)', but its file '\(stem).sql': write '-- \(key): \(stem)', or "
          + "call the file \(name).sql")
    }
  }
}
