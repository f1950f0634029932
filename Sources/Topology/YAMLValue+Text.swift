/// A document made and written by us.
extension YAMLValue {
  static func scalar(_ text: String) -> YAMLValue {
    YAMLValue(content: .scalar(text), place: .file)
  }

  static func mapping(_ entries: [(String, YAMLValue)]) -> YAMLValue {
    YAMLValue(
      content: .mapping(entries.map { YAMLEntry(key: $0, place: .file, value: $1) }), place: .file)
  }

  /// What stands under names joined by dots; `nil` where nothing does.
  subscript(path: some Collection<String>) -> YAMLValue? {
    guard let key = path.first else { return self }
    let value: YAMLValue? =
      switch content {
      case .mapping(let entries): entries.first { $0.key == key }?.value
      case .sequence(let items):
        Int(key).flatMap { items.indices.contains($0) ? items[$0] : nil }
      case .scalar: nil
      }
    return value?[path.dropFirst()]
  }

  /// Adds items to the list under a key, which is made where there is none.
  mutating func append(_ items: [YAMLValue], to key: String) {
    guard case .mapping(var entries) = content else { return }
    if let index = entries.firstIndex(where: { $0.key == key }),
      case .sequence(let others) = entries[index].value.content
    {
      entries[index].value.content = .sequence(others + items)
    } else {
      let list = YAMLValue(content: .sequence(items), place: .file)
      entries.append(YAMLEntry(key: key, place: .file, value: list))
    }
    content = .mapping(entries)
  }

  /// As YAML that is read as the same document. What is in a list stands in a line.
  var text: String { lines(indented: 0).joined(separator: "\n") + "\n" }

  private func lines(indented depth: Int) -> [String] {
    let indent = String(repeating: "  ", count: depth)
    guard case .mapping(let entries) = content, !entries.isEmpty else { return [indent + flow] }
    return entries.flatMap { entry -> [String] in
      let key = "\(indent)\(Self.quoted(entry.key)):"
      switch entry.value.content {
      case .mapping(let inner) where !inner.isEmpty:
        return [key] + entry.value.lines(indented: depth + 1)
      case .sequence(let items) where items.contains { !$0.isScalar }:
        return [key] + items.map { "\(indent)  - \($0.flow)" }
      case .scalar, .sequence, .mapping: return ["\(key) \(entry.value.flow)"]
      }
    }
  }

  private var isScalar: Bool { if case .scalar = content { true } else { false } }

  private var flow: String {
    switch content {
    case .scalar(let text): Self.quoted(text)
    case .sequence(let items): "[\(items.map(\.flow).joined(separator: ", "))]"
    case .mapping(let entries):
      entries.isEmpty
        ? "{}"
        : "{ \(entries.map { "\(Self.quoted($0.key)): \($0.value.flow)" }.joined(separator: ", ")) }"
    }
  }

  private static func quoted(_ text: String) -> String {
    if text.wholeMatch(of: /[A-Za-z0-9.\/][A-Za-z0-9._\/-]*/) != nil { return text }
    guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
      return "'\(text.replacing("'", with: "''"))'"
    }
    let escaped = text.unicodeScalars.map { scalar in
      switch scalar {
      case "\"", "\\": "\\\(scalar)"
      case "\n": "\\n"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        "\\x" + String(scalar.value + 0x100, radix: 16).dropFirst()
      default: String(scalar)
      }
    }
    return "\"\(escaped.joined())\""
  }
}
