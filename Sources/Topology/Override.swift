/// A change, `KEY.KEY=VALUE`, made before the document is validated.
///
/// The value is YAML, so a list or mapping can be given. Keys on the way that are absent are made;
/// an item of a list is named by its position, from 0.
struct Override {
  var path: [String]
  var value: YAMLValue

  init(parsing text: String) throws(YAMLError) {
    let place = Place.override(text)
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    path = parts[0].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, !path.contains("") else {
      throw YAMLError(
        place: place,
        message: "expected KEY=VALUE with the key's names joined by dots, "
          + "e.g. groups.peer.count=50")
    }
    value = try YAMLValue.parse(String(parts[1]), override: place)
  }

  func apply(to document: inout YAMLValue) throws(YAMLError) {
    try set(path[...], in: &document)
  }

  private func set(_ rest: ArraySlice<String>, in target: inout YAMLValue) throws(YAMLError) {
    guard let key = rest.first else {
      target = value
      return
    }
    switch target.content {
    case .mapping(var entries):
      let index = entries.firstIndex { $0.key == key } ?? entries.count
      if index == entries.count {
        let empty = YAMLValue(content: .mapping([]), place: value.place)
        entries.append(YAMLEntry(key: key, place: value.place, value: empty))
      }
      try set(rest.dropFirst(), in: &entries[index].value)
      target.content = .mapping(entries)
    case .sequence(var items):
      guard let index = Int(key), items.indices.contains(index) else {
        throw misfit(
          key, rest, items.isEmpty ? "an empty list" : "a list of 0 to \(items.count - 1)")
      }
      try set(rest.dropFirst(), in: &items[index])
      target.content = .sequence(items)
    case .scalar:
      throw misfit(key, rest, target.found)
    }
  }

  private func misfit(_ key: String, _ rest: ArraySlice<String>, _ found: String) -> YAMLError {
    let parent = path.prefix(path.count - rest.count).joined(separator: ".")
    return YAMLError(
      place: value.place,
      message: "there is no '\(key)' in \(parent.isEmpty ? "the file" : "'\(parent)'"), "
        + "which is \(found)")
  }
}
