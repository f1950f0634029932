import Messages
import Participants

/// Reads typed values out of a document and collects what is wrong, so that a person sees all of it
/// at once. Whatever could not be read is `nil`.
struct FieldReader {
  private(set) var problems: [TopologyError.Problem] = []

  /// A mapping whose keys have been checked.
  struct Fields {
    var place: Place
    var entries: [YAMLEntry]

    subscript(key: String) -> YAMLEntry? { entries.first { $0.key == key } }

    func place(of key: String) -> Place { self[key]?.value.place ?? place }
  }

  mutating func complain(_ place: Place, _ message: String) {
    problems.append(TopologyError.Problem(place: place, message: message))
  }

  /// A mapping, with unknown keys and missing ones complained of.
  mutating func readFields(
    _ value: YAMLValue, of what: String, allowed: [String], required: [String] = []
  ) -> Fields? {
    guard let entries = readEntries(value, of: what) else { return nil }
    let listed = allowed.joined(separator: ", ")
    for entry in entries where !allowed.contains(entry.key) {
      complain(
        entry.place,
        "unknown key '\(entry.key)'\(suggestion(for: entry.key, among: allowed)); "
          + "allowed here: \(listed)")
    }
    let fields = Fields(place: value.place, entries: entries)
    for key in required where fields[key] == nil {
      complain(value.place, "missing key '\(key)' in \(what)")
    }
    return fields
  }

  /// A mapping whose keys are names.
  mutating func readEntries(_ value: YAMLValue, of what: String) -> [YAMLEntry]? {
    if case .mapping(let entries) = value.content { return entries }
    complain(value.place, "expected a mapping (KEY: VALUE) for \(what), found \(value.found)")
    return nil
  }

  mutating func readItems(_ entry: YAMLEntry?) -> [YAMLValue]? {
    guard let entry else { return nil }
    if case .sequence(let items) = entry.value.content { return items }
    complainOfMisfit(entry, "a list")
    return nil
  }

  mutating func readText(_ entry: YAMLEntry?) -> String? {
    guard let entry else { return nil }
    if case .scalar(let text) = entry.value.content, !text.isEmpty { return text }
    complainOfMisfit(entry, "a word")
    return nil
  }

  mutating func readCount(_ entry: YAMLEntry?, _ range: ClosedRange<Int>) -> Int? {
    read(entry, .count(Int64(range.lowerBound)...Int64(range.upperBound))).flatMap { value in
      if case .count(let count) = value { Int(count) } else { nil }
    }
  }

  mutating func readDuration(
    _ entry: YAMLEntry?, _ range: ClosedRange<Microseconds>
  ) -> Microseconds? {
    read(entry, .duration(range)).flatMap { value in
      if case .duration(let duration) = value { duration } else { nil }
    }
  }

  mutating func readChoice(_ entry: YAMLEntry?, _ words: [String]) -> String? {
    read(entry, .choice(words))?.description
  }

  /// A value of the kinds that a role's options have.
  mutating func read(_ entry: YAMLEntry?, _ kind: OptionSpecification.Kind) -> OptionValue? {
    guard let entry else { return nil }
    if case .addresses(let most) = kind {
      return readNames(entry, atMost: most).map { .addresses($0) }
    }
    if case .scalar(let text) = entry.value.content, let value = kind.parse(text) { return value }
    var guess: String?
    if case .scalar(let text) = entry.value.content {
      guess =
        if case .choice(let words) = kind { nearestWord(to: text, among: words) } else {
          kind.guess(text)
        }
    }
    complainOfMisfit(entry, kind.allowed, meaning: guess)
    return nil
  }

  /// One name or a list of them.
  private mutating func readNames(_ entry: YAMLEntry, atMost most: Int) -> [String]? {
    let values: [YAMLValue] =
      if case .sequence(let items) = entry.value.content { items } else { [entry.value] }
    let names = values.compactMap { value in
      if case .scalar(let text) = value.content, !text.isEmpty { text } else { String?.none }
    }
    if names.count == values.count, names.count <= most { return names }
    complainOfMisfit(
      entry, most == 1 ? "a node's name or address" : "up to \(most) names of nodes or groups")
    return nil
  }

  /// What is there is not what the key takes, but perhaps something was meant that is.
  mutating func complainOfMisfit(
    _ entry: YAMLEntry, _ expected: String, meaning guess: String? = nil
  ) {
    let hint = guess.map { " (did you mean '\($0)'?)" } ?? ""
    complain(
      entry.value.place, "'\(entry.key)' takes \(expected), found \(entry.value.found)\(hint)")
  }
}
