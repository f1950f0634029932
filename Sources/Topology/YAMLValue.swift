/// A YAML value as it was written, with its place.
///
/// Only what topologies need: no anchors, aliases or tags. A scalar is its text; what reads it
/// decides whether that is a number, so quotes make no difference and `no` is a word.
struct YAMLValue: Equatable, Sendable {
  enum Content: Equatable, Sendable {
    case scalar(String)
    case sequence([YAMLValue])
    case mapping([YAMLEntry])
  }

  var content: Content
  var place: Place

  /// What was found, for messages.
  var found: String {
    switch content {
    case .scalar(""): "nothing"
    case .scalar(let text): "'\(text)'"
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }
}

struct YAMLEntry: Equatable, Sendable {
  var key: String
  var place: Place
  var value: YAMLValue
}

extension YAMLValue {
  /// Reads a text that is one YAML document without duplicate keys.
  /// - Parameter override: the place of everything, for a text that is not a file's.
  static func parse(_ text: String, override: Place? = nil) throws(YAMLError) -> YAMLValue {
    let (value, duplicates) = try read(text, override: override)
    if let first = duplicates.first { throw first }
    return value
  }

  /// The same with what is wrong with every key that its mapping has already; the first counts.
  static func read(
    _ text: String, override: Place? = nil
  ) throws(YAMLError) -> (value: YAMLValue, duplicates: [YAMLError]) {
    let events = try YAMLEvent.all(in: text, override: override)
    let starts = events.indices.filter { events[$0].kind == .documentStart }
    guard let start = starts.first else {
      throw YAMLError(place: override ?? .file, message: "there is nothing in it")
    }
    if starts.count > 1 {
      throw YAMLError(place: events[starts[1]].place, message: "a second document begins here")
    }
    var builder = Builder(rest: events[(start + 1)...])
    return (try builder.readValue(), builder.duplicates)
  }

  private struct Builder {
    var rest: ArraySlice<YAMLEvent>
    var duplicates: [YAMLError] = []

    mutating func readValue() throws(YAMLError) -> YAMLValue {
      // A well-formed stream, which libyaml gives, never ends inside a value.
      guard let event = rest.popFirst() else {
        throw YAMLError(place: .file, message: "not YAML: it ends too early")
      }
      switch event.kind {
      case .sequenceStart:
        var items: [YAMLValue] = []
        while rest.first?.kind != .sequenceEnd { items.append(try readValue()) }
        rest.removeFirst()
        return YAMLValue(content: .sequence(items), place: event.place)
      case .mappingStart:
        return YAMLValue(content: .mapping(try readEntries()), place: event.place)
      case .scalar(let text):
        return YAMLValue(content: .scalar(text), place: event.place)
      case .sequenceEnd, .mappingEnd, .documentStart, .other:
        throw YAMLError(place: event.place, message: "not YAML: a value is missing")
      }
    }

    private mutating func readEntries() throws(YAMLError) -> [YAMLEntry] {
      var entries: [YAMLEntry] = []
      var places: [String: Place] = [:]
      while rest.first?.kind != .mappingEnd {
        let key = try readValue()
        guard case .scalar(let name) = key.content else {
          throw YAMLError(place: key.place, message: "expected a key, found \(key.found)")
        }
        let first = places[name]
        if let first {
          duplicates.append(
            YAMLError(
              place: key.place, message: "duplicate key '\(name)'; the first is \(first.described)")
          )
        }
        let entry = YAMLEntry(key: name, place: key.place, value: try readValue())
        guard first == nil else { continue }
        places[name] = key.place
        entries.append(entry)
      }
      rest.removeFirst()
      return entries
    }
  }
}
