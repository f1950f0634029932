import Arguments

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
  private let file: String

  /// - Parameters:
  ///   - text: the file's content.
  ///   - file: its path, which errors begin with.
  package init(
    parsing text: String, file: String, keys: Keys
  ) throws(NetworkFileError) {
    var entries: [Entry] = []
    var end = 1
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated() {
      guard line.hasPrefix("--") else { break }
      end = index + 2
      if line.hasPrefix("--  "), !entries.isEmpty {
        entries[entries.count - 1].value += " " + line.dropFirst(2).drop { $0 == " " }
        continue
      }
      let place = "\(file):\(index + 1): "
      guard let colon = line.firstIndex(of: ":") else {
        throw NetworkFileError("\(place)this is no '-- KEY: VALUE'; an empty line ends the header")
      }
      let key = String(line[..<colon].drop { $0 == "-" || $0 == " " })
      let value = String(line[line.index(after: colon)...].drop { $0 == " " })
      guard keys.all.contains(key) else {
        throw NetworkFileError(
          "\(place)unknown key '\(key)'\(suggestion(for: key, among: keys.all)); allowed here: "
            + keys.all.joined(separator: ", "))
      }
      guard !value.isEmpty else { throw NetworkFileError("\(place)'\(key)' has no value") }
      guard keys.repeated.contains(key) || !entries.contains(where: { $0.key == key }) else {
        throw NetworkFileError("\(place)'\(key)' stands here twice")
      }
      entries.append(Entry(key: key, value: value, line: index + 1))
    }
    if let missing = keys.required.first(where: { key in !entries.contains { $0.key == key } }) {
      throw NetworkFileError("\(file):1: the header has no '-- \(missing): …'")
    }
    self.entries = entries
    self.end = end
    self.file = file
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
