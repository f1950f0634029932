import CYAML

/// What libyaml, or the strictness on top of it, found wrong with a text.
struct YAMLError: Error {
  var place: Place
  var message: String
}

/// One event of libyaml's parser, as a value that owns its text.
struct YAMLEvent {
  enum Kind: Equatable {
    case scalar(String)
    case sequenceStart, sequenceEnd
    case mappingStart, mappingEnd
    case documentStart
    /// Of a document or of the stream: nothing that matters here.
    case other

    /// How many levels deeper what follows is.
    var opened: Int {
      switch self {
      case .sequenceStart, .mappingStart: 1
      case .sequenceEnd, .mappingEnd: -1
      case .scalar, .documentStart, .other: 0
      }
    }
  }

  var kind: Kind
  var place: Place

  /// Lists and mappings inside each other, at most: libyaml's time grows with the square of it.
  static let deepest = 20

  /// Parses a text to its end: all that touches libyaml's memory is here.
  ///
  /// Anchors, aliases and tags are refused.
  /// - Parameter override: the place of every event, for a text that is not a file's.
  static func all(in text: String, override: Place?) throws(YAMLError) -> [YAMLEvent] {
    // On the heap, since libyaml keeps a pointer to the parser in the parser.
    let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    defer { unsafe parser.deallocate() }
    guard unsafe yaml_parser_initialize(parser) == 1 else {
      throw YAMLError(place: override ?? .file, message: "not enough memory to read it")
    }
    defer { unsafe yaml_parser_delete(parser) }
    let bytes = Array(text.utf8)
    return unsafe try bytes.withUnsafeBufferPointer { buffer throws(YAMLError) in
      unsafe yaml_parser_set_input_string(parser, buffer.baseAddress, buffer.count)
      var events: [YAMLEvent] = []
      var depth = 0
      while true {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else {
          throw unsafe YAMLError(parser.pointee, text: bytes, override: override)
        }
        defer { unsafe yaml_event_delete(&event) }
        guard unsafe event.type != YAML_STREAM_END_EVENT else { return events }
        let next = unsafe try YAMLEvent(event, override: override)
        depth += next.kind.opened
        guard depth <= deepest else {
          throw YAMLError(place: next.place, message: "more than \(deepest) levels of nesting")
        }
        events.append(next)
      }
    }
  }

  private init(_ event: yaml_event_t, override: Place?) throws(YAMLError) {
    place = unsafe override ?? .line(event.start_mark)
    var anchor: UnsafeMutablePointer<UInt8>?
    var tag: UnsafeMutablePointer<UInt8>?
    switch unsafe event.type {
    case YAML_SCALAR_EVENT:
      let scalar = unsafe event.data.scalar
      unsafe (anchor, tag) = (scalar.anchor, scalar.tag)
      let value = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
      kind = .scalar(unsafe String(decoding: value, as: UTF8.self))
    case YAML_SEQUENCE_START_EVENT:
      unsafe (anchor, tag) = (event.data.sequence_start.anchor, event.data.sequence_start.tag)
      kind = .sequenceStart
    case YAML_MAPPING_START_EVENT:
      unsafe (anchor, tag) = (event.data.mapping_start.anchor, event.data.mapping_start.tag)
      kind = .mappingStart
    case YAML_ALIAS_EVENT:
      throw YAMLError(place: place, message: "aliases are not supported: write the value out")
    case YAML_SEQUENCE_END_EVENT: kind = .sequenceEnd
    case YAML_MAPPING_END_EVENT: kind = .mappingEnd
    case YAML_DOCUMENT_START_EVENT: kind = .documentStart
    default: kind = .other
    }
    if unsafe anchor != nil {
      throw YAMLError(place: place, message: "anchors are not supported: write the value out")
    }
    if unsafe tag != nil {
      throw YAMLError(place: place, message: "tags are not supported: write the value alone")
    }
  }
}

extension Place {
  fileprivate static func line(_ mark: yaml_mark_t) -> Place {
    .line(mark.line + 1, column: mark.column + 1)
  }

  /// The place of a byte.
  static func byte(_ offset: Int, of text: [UInt8]) -> Place {
    let before = text.prefix(offset)
    let newline = UInt8(ascii: "\n")
    let start = before.lastIndex(of: newline).map { $0 + 1 } ?? 0
    let column = before[start...].count { $0 & 0xc0 != 0x80 } + 1
    return .line(before.count { $0 == newline } + 1, column: column)
  }
}

extension YAMLError {
  fileprivate init(_ parser: yaml_parser_t, text: [UInt8], override: Place?) {
    let problem = unsafe parser.problem.map { unsafe String(cString: $0) } ?? "out of memory"
    let context = unsafe parser.context.map { unsafe " (\(String(cString: $0)))" } ?? ""
    let found =
      unsafe parser.error == YAML_READER_ERROR
      ? Place.byte(parser.problem_offset, of: text) : .line(parser.problem_mark)
    let mark = unsafe parser.problem_mark.index
    let isTab = unsafe parser.error == YAML_SCANNER_ERROR && Self.character(mark, of: text) == "\t"
    self.init(
      place: override ?? found,
      message: isTab
        ? "not YAML: a tab; lines are indented with spaces only" : "not YAML: \(problem)\(context)")
  }

  /// libyaml counts characters.
  private static func character(_ index: Int, of text: [UInt8]) -> Unicode.Scalar? {
    String(decoding: text, as: UTF8.self).unicodeScalars.dropFirst(index).first
  }
}
