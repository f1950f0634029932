internal import JSONReading
internal import Participants
internal import Patterns
package import Topology

/// Makes events of the lines that a program prints: of every line exactly one.
///
/// - A line that is a JSON object is taken as it is: its `kind`, `peer` and `t` mean what they mean in
///   an event log, and the other members are the event's fields.
/// - Of a line that a pattern matches, the first such pattern makes the event.
/// - The line that says that the program is ready becomes ``RecordedFacts/ready``.
/// - Everything else is a `node.printed`.
package struct PrintedLines {
  package struct Row {
    package var kind: String
    package var peer: String?
    /// Microseconds since the epoch, where the line says it.
    package var time: Int64?
    /// The event's fields, as a JSON object.
    package var data: String
    /// What was wrong, where the line is kept with a remark.
    package var remark: String?
  }

  static let printed = NodeEvents.printed.name

  private let patterns: [(pattern: Pattern, event: Program.EventPattern)]
  private let ready: Pattern?

  /// Makes ready what a program's lines are matched with.
  ///
  /// - Throws: ``HistoryError`` for a pattern that cannot be used.
  package init(_ program: Program) throws(HistoryError) {
    do throws(Pattern.SyntaxError) {
      var patterns: [(Pattern, Program.EventPattern)] = []
      for event in program.events { patterns.append((try Pattern(event.match), event)) }
      self.patterns = patterns
      if case .log(let text) = program.ready { ready = try Pattern(text) } else { ready = nil }
    } catch {
      throw HistoryError("the plan has a pattern that cannot be used: \(error)")
    }
  }

  /// - Parameter line: without its newline.
  package func row(_ line: UnsafeRawBufferPointer) -> Row {
    if let row = unsafe Self.object(line) { return row }
    var exhausted: String?
    for (pattern, event) in patterns {
      switch unsafe pattern.match(line) {
      case .match(let groups): return Self.row(event, groups)
      case .exhausted: exhausted = exhausted ?? event.kind
      case .none: break
      }
    }
    var row = Row(kind: Self.printed, data: "")
    if case .match(let groups)? = unsafe ready?.match(line) {
      row = Self.row(Program.EventPattern(match: "", kind: RecordedFacts.ready), groups)
    }
    if row.kind == Self.printed {
      row.data = "{\"line\":\(Self.quoted(unsafe String(decoding: line, as: UTF8.self)))}"
    }
    row.remark = exhausted.map {
      "the pattern of \($0) gave up after \(Pattern.mostSteps) steps (the line was kept)"
    }
    return row
  }

  private static func row(
    _ event: Program.EventPattern, _ groups: [(name: String, text: String)]
  ) -> Row {
    var row = Row(kind: event.kind, data: "")
    var fields: [String] = []
    for (name, text) in groups {
      if name == Program.peerGroup, !text.isEmpty {
        row.peer = text
      } else if name == Program.timeGroup, let time = microseconds(ofSeconds: text) {
        row.time = time
      } else {
        let isNumber = event.numbers.contains(name) && isNumber(text)
        fields.append("\(quoted(name)):\(isNumber ? text : quoted(text))")
      }
    }
    row.data = "{\(fields.joined(separator: ","))}"
    return row
  }

  /// A line that is a JSON object; `nil` for any other.
  private static func object(_ line: UnsafeRawBufferPointer) -> Row? {
    guard unsafe line.first == UInt8(ascii: "{") else { return nil }
    let bytes = unsafe Array(line)
    guard let members = try? members(of: bytes.span) else { return nil }
    var row = Row(kind: printed, data: "")
    var fields: [String] = []
    for (name, value) in members {
      let json = String(decoding: bytes[value], as: UTF8.self)
      switch String(decoding: bytes[name], as: UTF8.self) {
      case "kind" where isKind(json): row.kind = String(json.dropFirst().dropLast())
      case "peer" where isPlainText(json): row.peer = String(json.dropFirst().dropLast())
      case "t" where Int64(json).map { $0 >= 0 } ?? false: row.time = Int64(json)
      // A line's number is its place in what was printed.
      case "n" where Int64(json) != nil: break
      case let name: fields.append("\"\(name)\":\(json)")
      }
    }
    row.data = "{\(fields.joined(separator: ","))}"
    return row
  }

  /// The places of an object's members: of each name, without its quotes, and of its value.
  private static func members(
    of bytes: Span<UInt8>
  ) throws(JSONScanner.SyntaxError) -> [(name: Range<Int>, value: Range<Int>)] {
    try JSONScanner.validate(bytes)
    var members: [(name: Range<Int>, value: Range<Int>)] = []
    var position = 1
    JSONScanner.skipSpaces(bytes, &position)
    guard bytes[position] != UInt8(ascii: "}") else { return [] }
    repeat {
      JSONScanner.skipSpaces(bytes, &position)
      var end = position
      try JSONScanner.skipString(bytes, &end)
      let name = position + 1..<end - 1
      try JSONScanner.skipName(bytes, &position)
      let start = position
      try JSONScanner.skipValue(bytes, &position, depth: 1)
      members.append((name, start..<position))
    } while try !JSONScanner.endsMember(bytes, &position)
    return members
  }

  private static func isKind(_ json: String) -> Bool {
    json.wholeMatch(of: /"[a-z0-9_-]+(\.[a-z0-9_-]+)+"/) != nil
  }

  /// Whether it is a string with something in it and without escapes.
  private static func isPlainText(_ json: String) -> Bool {
    json.wholeMatch(of: /"[^"\\]+"/) != nil
  }

  private static func isNumber(_ text: String) -> Bool {
    text.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/) != nil
  }

  /// Of seconds since the epoch, with a fraction or without: `1795157021.729376`.
  private static func microseconds(ofSeconds text: String) -> Int64? {
    guard text.wholeMatch(of: /[0-9]{1,12}(\.[0-9]+)?/) != nil else { return nil }
    let parts = text.split(separator: ".")
    let fraction = parts.count > 1 ? String(parts[1].prefix(6)) : ""
    return Int64(parts[0] + fraction + String(repeating: "0", count: 6 - fraction.count))
  }

  private static func quoted(_ text: String) -> String {
    var bytes: [UInt8] = []
    JSONText.append(text, to: &bytes, atMost: Event.longestLine)
    return String(decoding: bytes, as: UTF8.self)
  }
}
