internal import CPCRE

/// A regular expression (PCRE2) over bytes that are meant to be UTF-8: what programs print.
///
/// Who writes the expression is trusted, what it is matched against is not. So the work on one line
/// has a limit, counted in steps and not in time: the same line always gives the same.
@safe package final class Pattern {
  /// The longest expression, in bytes.
  package static let longest = 4_096
  /// How many steps of the matcher one line may cost: a few milliseconds.
  package static let mostSteps: UInt32 = 100_000
  /// How much memory one line may cost, in KiB.
  static let mostMemory: UInt32 = 10_240

  /// What is wrong with an expression: what, and behind which character.
  package struct SyntaxError: Error, Equatable, CustomStringConvertible {
    package var description: String

    package init(description: String) { self.description = description }
  }

  package enum Outcome: Equatable, Sendable {
    case none
    /// The named groups that took part, in the order of their numbers.
    case match([(name: String, text: String)])
    /// The line costs more than ``mostSteps``.
    case exhausted

    package static func == (a: Outcome, b: Outcome) -> Bool {
      switch (a, b) {
      case (.none, .none), (.exhausted, .exhausted): true
      case (.match(let a), .match(let b)): a.elementsEqual(b, by: ==)
      case (.none, _), (.match, _), (.exhausted, _): false
      }
    }
  }

  package let text: String
  /// In the order of their numbers.
  package let groups: [String]
  private let numbers: [Int]
  private let code: OpaquePointer
  private let data: OpaquePointer
  private let context: OpaquePointer

  /// Compiles a regular expression in PCRE2's syntax.
  ///
  /// - Throws: ``SyntaxError`` for one that is too long or not well-formed.
  package init(_ text: String) throws(SyntaxError) {
    guard text.utf8.count <= Self.longest else {
      throw SyntaxError(
        description: "a regular expression has at most \(Self.longest) bytes, this one has "
          + "\(text.utf8.count)")
    }
    var number: CInt = 0
    var offset = 0
    let bytes = Array(text.utf8)
    let options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C
    guard
      let code = unsafe pcre2_compile_8(bytes, bytes.count, options, &number, &offset, nil)
    else {
      let place = String(decoding: bytes.prefix(offset), as: UTF8.self).count
      throw SyntaxError(
        description: "not a regular expression: \(Self.message(number)), after character \(place) "
          + "of '\(text)'")
    }
    guard let data = unsafe pcre2_match_data_create_from_pattern_8(code, nil),
      let context = unsafe pcre2_match_context_create_8(nil)
    else { preconditionFailure("no memory for a regular expression") }
    unsafe pcre2_set_match_limit_8(context, Self.mostSteps)
    unsafe pcre2_set_heap_limit_8(context, Self.mostMemory)
    let table = unsafe Self.groups(of: code)
    self.text = text
    groups = table.map(\.name)
    numbers = table.map(\.number)
    unsafe self.code = code
    unsafe self.data = data
    unsafe self.context = context
  }

  deinit {
    unsafe pcre2_match_context_free_8(context)
    unsafe pcre2_match_data_free_8(data)
    unsafe pcre2_code_free_8(code)
  }

  /// Looks for the expression anywhere in a line. Bytes that are not UTF-8 match nothing, and are
  /// replaced in what is given.
  package func match(_ line: UnsafeRawBufferPointer) -> Outcome {
    let start = unsafe line.baseAddress?.assumingMemoryBound(to: UInt8.self)
    let count = unsafe pcre2_match_8(code, start, line.count, 0, 0, data, context)
    switch count {
    case PCRE2_ERROR_MATCHLIMIT, PCRE2_ERROR_DEPTHLIMIT, PCRE2_ERROR_HEAPLIMIT:
      return .exhausted
    case ..<1: return .none
    default: break
    }
    guard let places = unsafe pcre2_get_ovector_pointer_8(data) else { return .none }
    var found: [(name: String, text: String)] = []
    for (name, number) in zip(groups, numbers) where number < Int(count) {
      let (from, to) = unsafe (places[2 * number], places[2 * number + 1])
      // -1 (PCRE2_UNSET) for a group that took no part; \K can put an end before its beginning.
      guard from >= 0, from <= to, to <= line.count else { continue }
      found.append((name, unsafe String(decoding: line[from..<to], as: UTF8.self)))
    }
    return .match(found)
  }

  /// What becomes of a line, without its newline.
  package func match(_ line: some Sequence<UInt8>) -> Outcome {
    unsafe Array(line).withUnsafeBytes { unsafe match($0) }
  }

  /// The table of names: each entry is the group's number, most significant byte first, and the name
  /// with a zero behind it.
  private static func groups(of code: OpaquePointer) -> [(number: Int, name: String)] {
    var count: UInt32 = 0
    var size: UInt32 = 0
    var table: UnsafePointer<UInt8>?
    unsafe pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMECOUNT), &count)
    unsafe pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMEENTRYSIZE), &size)
    unsafe pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMETABLE), &table)
    guard let table = unsafe table else { return [] }
    return (0..<Int(count)).map { index in
      let entry = unsafe UnsafeBufferPointer(
        start: table + index * Int(size), count: Int(size))
      let number = unsafe Int(entry[0]) << 8 | Int(entry[1])
      return (number, unsafe String(decoding: entry.dropFirst(2).prefix { $0 != 0 }, as: UTF8.self))
    }.sorted { $0.number < $1.number }
  }

  private static func message(_ number: CInt) -> String {
    var buffer = [UInt8](repeating: 0, count: 256)
    let length = unsafe pcre2_get_error_message_8(number, &buffer, buffer.count)
    return String(decoding: buffer.prefix(Int(max(0, length))), as: UTF8.self)
  }
}
